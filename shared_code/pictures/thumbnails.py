"""Small copies of the pictures, for pages that show many.

A thumbnail is named by its picture and the picture's etag, so an outdated one is never found,
and is served only after the picture itself was looked at: none outlives its picture.
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
"""Pixels of the longest side. A short list, so that nobody fills the container with sizes."""

INDEXED_SIDE: Side = 320
"""Made while a picture is indexed; the others when first asked for."""

MIME = "image/webp"


@dataclass(frozen=True, slots=True)
class Thumbnails:
    store: BlobStore
    make: MakeThumbnail

    def keep(self, picture: Blob) -> None:
        """Makes and stores the one of a picture that was just indexed.

        Never raises: what is missing is made when it is asked for.
        """
        try:
            data = self.make(picture.data, INDEXED_SIDE)
        except AppError as exc:
            log.warning("%s: no thumbnail: %s", picture.info.name, exc)
        else:
            self.keep_made(picture.info, INDEXED_SIDE, data)

    def keep_made(self, info: BlobInfo, side: Side, data: bytes) -> None:
        """Never raises."""
        try:
            self.store.write(_name(info, side), data, content_type=MIME)
        except AppError as exc:
            log.warning("%s: its thumbnail is not stored: %s", info.name, exc)

    def get(self, info: BlobInfo, side: Side) -> bytes | None:
        found = self.store.read(_name(info, side))
        return found.data if found is not None else None

    def remove(self, blob: str, *, but: BlobInfo | None = None) -> None:
        """Those of the picture, except of the state ``but``. Never raises: they are not served."""
        kept = {_name(but, side) for side in SIDES} if but is not None else set()
        try:
            for info in every_blob(self.store, _folder(blob)):
                if info.name not in kept:
                    self.store.delete(info.name)
        except AppError as exc:
            log.warning("%s: its thumbnails stay behind: %s", blob, exc)


def etag_of_thumbnail(info: BlobInfo, side: Side) -> str:
    return f'"{info.etag.strip(chr(34))}-{side}"'


def _folder(blob: str) -> str:
    # a digest, since a name of 1,024 characters would leave no room for more
    return hashlib.sha256(blob.encode()).hexdigest()[:40] + "/"


def _name(info: BlobInfo, side: Side) -> str:
    state = hashlib.sha256(info.etag.encode()).hexdigest()[:20]
    return f"{_folder(info.name)}{state}-{side}.webp"
