"""The pictures of the images container."""

from __future__ import annotations

from functions.schemas.base import Request
from shared_code.pictures import Side


class ImagePath(Request, frozen=True):
    """The blob's name, slashes included; empty when nothing follows ``images/``."""

    path: str = ""


class ImageRequest(Request, frozen=True):
    """GET images: the original, or a thumbnail of one of a few sizes."""

    size: Side | None = None
