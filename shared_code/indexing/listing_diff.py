"""A page of the container against what the index holds of it. Pure: nothing is read or written.

Products lie together in a listing, so a page holds each of them whole, but the first and the
last one, of which other pages may hold more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from shared_code.domain.errors import Unprocessable
from shared_code.domain.naming import BlobRole, document_name, picture_ref
from shared_code.domain.ports import BlobInfo
from shared_code.domain.products import PointRef, PointRevision
from shared_code.indexing.indexing import is_whole
from shared_code.indexing.words import Listing


@dataclass(frozen=True, slots=True)
class Group:
    """Blobs of one product that follow one another in the listing."""

    product_id: str
    blobs: Sequence[BlobInfo]
    is_cut: bool
    """Other pages may hold more of the product."""

    @property
    def pictures(self) -> list[BlobInfo]:
        return [info for info in self.blobs if BlobRole.of(info.name).role == "picture"]

    @property
    def documents(self) -> list[BlobInfo]:
        return [info for info in self.blobs if BlobRole.of(info.name).role != "picture"]

    @property
    def refs(self) -> list[PointRef]:
        """The points that may stand for these blobs: their pictures', and the product's text."""
        pictures = [picture_ref(info.name) for info in self.pictures]
        return [*pictures, PointRef(self.product_id)] if pictures or self._has_own else []

    @property
    def _has_own(self) -> bool:
        """The product's own document, which is enough for it to stand."""
        return any(info.name == document_name(self.product_id) for info in self.blobs)

    def doubtful_pictures(self, stored: Mapping[PointRef, PointRevision]) -> list[BlobInfo]:
        """Those whose point is missing, of another content, or carries other words."""
        text = stored.get(PointRef(self.product_id))
        return [
            info
            for info in self.pictures
            if not is_whole(info, stored.get(picture_ref(info.name)), text)
        ]

    def has_doubtful_words(self, stored: Mapping[PointRef, PointRevision]) -> bool:
        """False only if a closer look at the words would surely find nothing to do."""
        text = stored.get(PointRef(self.product_id))
        if text is None:
            return bool(self.documents)
        pictures = self.pictures
        if self.is_cut or (pictures and len(self.doubtful_pictures(stored)) == len(pictures)):
            return True
        blobs = {info.name: info for info in self.blobs}
        return not Listing(self.product_id, blobs).matches_digest(text.etag)


def groups_of(
    page: Sequence[BlobInfo], *, is_first: bool, is_last: bool
) -> tuple[list[Group], list[BlobInfo]]:
    """The products of a page, and the blobs whose names name none."""
    placed = list(_placed(page))
    runs = [(k, [info for _, info in g]) for k, g in groupby(placed, key=lambda pair: pair[0])]
    groups = [
        Group(
            product_id,
            blobs,
            is_cut=(at == 0 and not is_first) or (at == len(runs) - 1 and not is_last),
        )
        for at, (product_id, blobs) in enumerate(runs)
        if product_id is not None
    ]
    return groups, [info for product_id, info in placed if product_id is None]


def _placed(page: Sequence[BlobInfo]) -> Iterator[tuple[str | None, BlobInfo]]:
    for info in page:
        try:
            yield BlobRole.of(info.name).product_id, info
        except Unprocessable:
            yield None, info
