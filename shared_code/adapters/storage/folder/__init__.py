"""A folder on this disk in place of a storage account: ``blobs`` stores each blob as a file,
``queue`` keeps each queue in an SQLite file, which the development host reads as well."""
