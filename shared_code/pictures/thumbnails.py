"""Small copies of the pictures, for pages that show many.

A thumbnail's name comes from its picture and the picture's etag, so an outdated one is never used;
and it is served only after a look at the picture itself, so none outlives its picture.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from shared_code.domain.errors import AppError
from shared_code.domain.ports import Blob, BlobInfo, BlobStore, MakeThumbnail, every_blob

log = logging.getLogger(__name__)

Side: TypeAlias = Literal[160, 320, 640]
SIDES: tuple[Side, ...] = get_args(Side)
"""Pixels of the longest side. A short list, so that nobody can fill the container with sizes."""

INDEXED_SIDE: Side = 320
"""The side of the thumbnail that indexing makes; the others are made on first request."""

MIME = "image/webp"


@dataclass(frozen=True, slots=True)
class Thumbnails:
    store: BlobStore
    make: MakeThumbnail

    def add(self, picture: Blob) -> None:
        """Makes and stores the thumbnail of a picture that was just indexed.

        Never raises: a missing thumbnail is made when it is requested.
        """
        try:
            data = self.make(picture.data, INDEXED_SIDE)
        except AppError as exc:
            log.warning("%s: no thumbnail: %s", picture.info.name, exc)
        else:
            self.store_made(picture.info, INDEXED_SIDE, data)

    def store_made(self, info: BlobInfo, side: Side, data: bytes) -> None:
        """Stores a thumbnail. Never raises."""
        try:
            self.store.write(_name(info, side), data, content_type=MIME)
        except AppError as exc:
            log.warning("%s: the thumbnail could not be stored: %s", info.name, exc)

    def read(self, info: BlobInfo, side: Side) -> bytes | None:
        """Returns the thumbnail of this state of the picture; None where it was not made yet."""
        thumbnail = self.store.read(_name(info, side))
        return thumbnail.data if thumbnail is not None else None

    def remove(self, blob: str, *, keep: BlobInfo | None = None) -> None:
        """Deletes the picture's thumbnails but those of the state ``keep``.

        Never raises: outdated thumbnails are not served anyway.
        """
        current = {_name(keep, side) for side in SIDES} if keep is not None else set()
        try:
            for info in every_blob(self.store, _folder(blob)):
                if info.name not in current:
                    self.store.delete(info.name)
        except AppError as exc:
            log.warning("%s: its thumbnails could not be deleted: %s", blob, exc)


def thumbnail_etag(info: BlobInfo, side: Side) -> str:
    """Returns the etag of a thumbnail, which changes with the picture."""
    return f'"{info.etag.strip(chr(34))}-{side}"'


def _folder(blob: str) -> str:
    # a digest, since a name of 1,024 characters would leave no room for more
    return hashlib.sha256(blob.encode()).hexdigest()[:40] + "/"


def _name(info: BlobInfo, side: Side) -> str:
    state = hashlib.sha256(info.etag.encode()).hexdigest()[:20]
    return f"{_folder(info.name)}{state}-{side}.webp"
