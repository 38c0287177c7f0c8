"""Fixtures of every suite."""

from tests.real import azurite as azurite
