"""The pictures of the images container, and their thumbnails, for whoever shows products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared_code.domain.errors import NotFound, UnsupportedImage
from shared_code.domain.ports import Blob, BlobInfo, BlobStore, PictureFormat, etag_of
from shared_code.domain.timing import stage
from shared_code.pictures.thumbnails import MIME, Side, Thumbnails, etag_of_thumbnail


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """``data`` is None when the caller already has the state that ``etag`` names."""

    data: bytes | None
    mime: str
    etag: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """Raises NotFound for anything in the container that is no picture."""

    images: BlobStore
    thumbnails: Thumbnails
    picture_format: Callable[[bytes], PictureFormat]
    max_bytes: int

    def original(self, blob: str, *, known_etag: str = "") -> StoredPicture:
        head = self._head(blob)
        if head.etag == known_etag:
            return StoredPicture(None, "", head.etag)
        found = self._read(head)
        try:
            mime = self.picture_format(found.data).mime
        except UnsupportedImage:
            raise _no_picture(blob) from None
        return StoredPicture(found.data, mime, found.info.etag)

    def thumbnail(self, blob: str, side: Side, *, known_etag: str = "") -> StoredPicture:
        """Made now, and kept, when there is none of the picture's present content.

        Raises Unprocessable for a picture that cannot be decoded.
        """
        head = self._head(blob)
        etag = etag_of_thumbnail(head, side)
        if etag == known_etag:
            return StoredPicture(None, "", etag)
        with stage("store"):
            kept = self.thumbnails.get(head, side)
        if kept is not None:
            return StoredPicture(kept, MIME, etag)
        return self._made(self._read(head), side)

    def _made(self, picture: Blob, side: Side) -> StoredPicture:
        info = picture.info
        try:
            with stage("decode"):
                data = self.thumbnails.make(picture.data, side)
        except UnsupportedImage:
            raise _no_picture(info.name) from None
        with stage("store"):
            self.thumbnails.keep_made(info, side, data)
            if etag_of(self.images.head(info.name)) != info.etag:
                # deleted or replaced meanwhile, by someone who did not see this one
                self.thumbnails.remove(info.name)
        return StoredPicture(data, MIME, etag_of_thumbnail(info, side))

    def _head(self, blob: str) -> BlobInfo:
        with stage("store"):
            head = self.images.head(blob) if blob else None
        if head is None or head.size > self.max_bytes:
            raise _no_picture(blob)
        return head

    def _read(self, head: BlobInfo) -> Blob:
        with stage("store"):
            found = self.images.read(head.name)
        if found is None:
            raise _no_picture(head.name)
        return found


def _no_picture(blob: str) -> NotFound:
    return NotFound(f"There is no picture {blob!r}.")
