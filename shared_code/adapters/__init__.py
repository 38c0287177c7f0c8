"""One room for each technology, which plays a port of ``domain`` and translates its errors once.

Adapters import ``domain`` only, and never the settings: ``shared_code/wiring.py`` reads those, and
passes each adapter what it needs. ``breaker.py`` is shared by the adapters of services that people
wait for. Begin with ``storage/folder/blobs.py``, the simplest adapter of all.
"""
