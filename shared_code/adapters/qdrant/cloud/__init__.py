"""A Qdrant server: ``index`` and ``aliases`` play the ports through ``link``, which retries and
translates errors; ``collection`` creates and checks a collection. Call
``client_import.import_qdrant_client`` first: importing the client the usual way is slow."""
