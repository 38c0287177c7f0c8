"""Fixtures of these tests."""

from tests.local_services import azurite

__all__ = ["azurite"]
