"""Qdrant: the ProductIndex and Collections ports, on a server and on the engine in this process.

Begin with ``points.py``, which says what a point holds and what its collection is called, then
``index.py``, which both engines share. ``cloud`` talks to a Qdrant server, ``edge`` runs the
embedded engine in a folder; ``filters``, ``ordered`` with its ``buckets``, ``lexical`` and
``layout`` each hold one subject of both. Import the module you need: ``points`` brings numpy, and
``cloud`` and ``edge`` their engines.
"""
