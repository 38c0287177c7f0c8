"""From what was read in storage and embedded to what is written to the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared_code.domain.ports import BlobInfo
from shared_code.domain.products import ImageRecord, ImageRef, PointRevision, TextRecord
from shared_code.indexing.words import ObservedText

if TYPE_CHECKING:
    from shared_code.domain.products import Vector


def text_record(vector: Vector | None, words: ObservedText) -> TextRecord:
    """The etag of a text is the basis of its words: a listing alone tells whether it holds."""
    return TextRecord(words.text, vector, PointRevision(words.basis, words.version))


def image_record(info: BlobInfo, vector: Vector, words: ObservedText) -> ImageRecord:
    """The picture's key within the index is the name of its blob."""
    image = ImageRef(info.name, info.name)
    return ImageRecord(
        words.text, image, vector, PointRevision(info.etag, info.version), words.version
    )
