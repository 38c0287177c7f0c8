"""The dashboard's files."""

from __future__ import annotations

from functions.schemas.base import Request


class WebPath(Request, frozen=True):
    """A file of the dashboard, slashes included; empty when nothing follows ``dashboard/``."""

    path: str = ""
