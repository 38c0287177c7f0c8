"""The triggers, one file per feature: each parses, calls ``shared_code`` once and responds.

No decision is made here. ``http/`` is what HTTP triggers share, ``schemas/`` the wire format,
``openapi/`` the document and its page, ``durable/`` what knows Durable Functions. Begin with a
feature's file: ``search.py``, say.
"""
