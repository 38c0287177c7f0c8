"""``make check-qdrant``: can the app with these settings work with its Qdrant server?

``__main__.py`` is the command, ``probe.py`` asks the server, and ``collection_checks.py`` judges
how the collection is set up.
"""
