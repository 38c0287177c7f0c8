"""Imports qdrant-client in the time that a cold start can spare (benchmarks/cold_start.py)."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def import_qdrant_client() -> None:
    """Makes ``import qdrant_client`` cheap for those who do it next.

    While it is imported, the package builds a validator for each of its 400 request and response
    classes, of which a search uses ten; and classes by the hundred set off the garbage collector
    again and again. Neither is done here: pydantic builds a validator when a class is first used.
    """
    with _without_garbage_collection(), _validators_on_first_use():
        import qdrant_client  # noqa: F401


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _validators_on_first_use() -> Iterator[None]:
    """Nothing else that runs here uses pydantic, so nobody misses its method meanwhile."""
    from pydantic import BaseModel

    rebuild = BaseModel.__dict__["model_rebuild"]
    BaseModel.model_rebuild = classmethod(lambda *_, **__: None)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]
