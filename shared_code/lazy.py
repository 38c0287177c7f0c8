"""Attributes that are built on first use, once, whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, Protocol, TypeVar, cast, overload

T = TypeVar("T")


class Owner(Protocol):
    """What has parts."""

    parts: dict[str, Any]
    lock: RLock  # a part may need another


class part(Generic[T]):
    """A lazily built attribute, made once under its owner's lock."""

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self._name = build.__name__
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, runtime: None, owner: type) -> part[T]: ...
    @overload
    def __get__(self, runtime: Owner, owner: type) -> T: ...
    def __get__(self, runtime: Owner | None, owner: type) -> T | part[T]:
        if runtime is None:
            return self
        try:
            return cast("T", runtime.parts[self._name])
        except KeyError:
            with runtime.lock:  # two requests may both find the part unbuilt
                if self._name not in runtime.parts:
                    runtime.parts[self._name] = self._build(runtime)
                return cast("T", runtime.parts[self._name])
