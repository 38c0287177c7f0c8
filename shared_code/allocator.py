"""Keeps glibc from holding on to memory that requests have freed.

Its allocator gives each thread an arena of its own, up to eight for each core, and an arena keeps
most of what its thread has freed. Requests run on a pool of threads, so every large picture leaves
its size behind once for each of them (benchmarks/memory).
"""

from __future__ import annotations

import ctypes
import os

_M_ARENA_MAX = -8
"""In glibc's malloc.h; see mallopt(3)."""


def limit_arenas(most: int) -> bool:
    """Lets glibc make no more arenas than this; returns whether it did.

    The environment variable MALLOC_ARENA_MAX does the same, but is read when the process starts:
    Azure starts workers ahead of time, before they know the app's settings.
    """
    if most == 0 or "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_ARENA_MAX, most) == 1
