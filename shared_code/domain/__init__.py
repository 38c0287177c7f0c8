"""What the whole product speaks about: value types, errors and ports. It imports nothing but the
standard library (numpy's types only where types are checked), and everything else imports it.

Begin with ``products`` (the value types) and ``ports`` (what adapters implement); ``errors`` holds
every failure that a caller can meet. Others import the files directly, as in
``from shared_code.domain.errors import NotFound``.
"""
