"""The wire format: the only place that names a JSON field of a request, a response or a message.

A file per feature holds its requests and responses together, and turns them into what
``shared_code`` takes and from what it returns. Begin with ``base.py``, which says how a request is
read, or with the feature's file. Others import from a feature's file by its name, so nothing is
exported here.
"""
