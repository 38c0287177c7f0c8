"""Fixtures of these tests."""

from tests.real import azurite

__all__ = ["azurite"]
