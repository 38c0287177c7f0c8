"""Measures a starter bundle; ``model_export.starter.evaluate`` is the command.

Begin with ``stamps``, the pictures and captions, and ``retrieval``, the metrics; ``report``
makes the page.
"""
