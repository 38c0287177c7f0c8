"""The triggers, one file per feature: each parses a request, calls the use case and responds.

Decisions are made in ``shared_code``. ``http/`` is what HTTP triggers share, ``schemas/`` the wire
format, ``openapi/`` the document and its page, ``durable/`` what knows Durable Functions. Begin
with a feature's file: ``search.py``, say.
"""
