"""Blobs and event queues: the BlobStore and EventQueue ports, each in two technologies.

Begin with ``folder/blobs.py``, the simpler one: it shows what the port asks for. ``azure/`` does
the same on a storage account (or Azurite), with the retries, credentials and error codes that its
services share. Import the module you need, ``azure.blobs``, ``azure.queue``, ``folder.blobs`` or
``folder.queue``: this package imports none of them, since the Azure SDKs are slow to import.
"""
