"""The version of the app: one place, read by health and by pyproject's reader."""

__version__ = "0.1.0"
