"""Azure Storage (or Azurite): ``blobs`` and ``queue`` implement the ports; the other modules hold
what the services have in common: ``identity``, ``account``, ``retries``, ``errors``. The last four
also serve ``shared_code/adapters/users/table.py``. Import each module by its own name."""
