"""Serves the pictures of the images container, and their thumbnails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared_code.domain.errors import NotFound, UnsupportedImage
from shared_code.domain.ports import Blob, BlobInfo, BlobStore, PictureFormat, etag_of
from shared_code.domain.timing import stage
from shared_code.pictures.thumbnails import MIME, Side, Thumbnails, thumbnail_etag


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture to send. ``data`` is None when the caller has the picture of this ``etag``
    already."""

    data: bytes | None
    mime: str
    etag: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """Reads originals and thumbnails. Raises NotFound for a blob that is not a picture."""

    images: BlobStore
    thumbnails: Thumbnails
    picture_format: Callable[[bytes], PictureFormat]
    max_bytes: int

    def read_original(self, blob: str, *, known_etag: str = "") -> StoredPicture:
        head = self._head(blob)
        if head.etag == known_etag:
            return StoredPicture(None, "", head.etag)
        picture = self._read(head)
        try:
            mime = self.picture_format(picture.data).mime
        except UnsupportedImage:
            raise _no_picture(blob) from None
        return StoredPicture(picture.data, mime, picture.info.etag)

    def read_thumbnail(self, blob: str, side: Side, *, known_etag: str = "") -> StoredPicture:
        """Returns the thumbnail; makes and stores it when there is none of the current content.

        Raises Unprocessable for a picture that cannot be decoded.
        """
        head = self._head(blob)
        etag = thumbnail_etag(head, side)
        if etag == known_etag:
            return StoredPicture(None, "", etag)
        with stage("store"):
            data = self.thumbnails.read(head, side)
        if data is not None:
            return StoredPicture(data, MIME, etag)
        return self._make_thumbnail(self._read(head), side)

    def _make_thumbnail(self, picture: Blob, side: Side) -> StoredPicture:
        info = picture.info
        try:
            with stage("decode"):
                data = self.thumbnails.make(picture.data, side)
        except UnsupportedImage:
            raise _no_picture(info.name) from None
        with stage("store"):
            self.thumbnails.store_made(info, side, data)
            if etag_of(self.images.head(info.name)) != info.etag:
                # the picture was deleted or replaced meanwhile, before this thumbnail was there
                self.thumbnails.remove(info.name)
        return StoredPicture(data, MIME, thumbnail_etag(info, side))

    def _head(self, blob: str) -> BlobInfo:
        with stage("store"):
            head = self.images.head(blob) if blob else None
        if head is None or head.size > self.max_bytes:
            raise _no_picture(blob)
        return head

    def _read(self, head: BlobInfo) -> Blob:
        with stage("store"):
            picture = self.images.read(head.name)
        if picture is None:
            raise _no_picture(head.name)
        return picture


def _no_picture(blob: str) -> NotFound:
    return NotFound(f"There is no picture {blob!r}.")
