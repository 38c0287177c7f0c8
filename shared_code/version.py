"""The version of the app: what health answers; pyproject.toml says the same, held by a test."""

__version__ = "0.1.0"
