"""Attributes that are built on first use, once, whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, Protocol, TypeVar, overload

T = TypeVar("T")


class Owner(Protocol):
    """An object with lazily built attributes."""

    @property
    def lock(self) -> RLock: ...  # building one attribute may build another


class lazy(Generic[T]):
    """A method that builds an attribute: its result is kept; after a failure it is called again.

    Setting the attribute replaces what would be built, deleting it has it built anew.
    """

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, owner: None, owner_type: type) -> lazy[T]: ...
    @overload
    def __get__(self, owner: Owner, owner_type: type) -> T: ...
    def __get__(self, owner: Owner | None, owner_type: type) -> T | lazy[T]:
        if owner is None:
            return self
        values: dict[str, T] = vars(owner)
        try:
            return values[self._name]
        except KeyError:
            with owner.lock:  # two requests may both need it first
                if self._name not in values:
                    values[self._name] = self._build(owner)
                return values[self._name]

    def __set__(self, owner: Owner, value: T) -> None:
        vars(owner)[self._name] = value

    def __delete__(self, owner: Owner) -> None:
        vars(owner).pop(self._name, None)

    def built_on(self, owner: Owner) -> T | None:
        """Returns the attribute's value if it was ever built, else None."""
        return vars(owner).get(self._name)
