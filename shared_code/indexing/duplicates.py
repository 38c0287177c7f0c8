"""Pictures of different products that are nearly the same: noted when one is indexed, shown
with the results, never dropped.

They bear the name of a group, so that each finds the others whichever came first, and one that
is deleted or replaced leaves nothing behind. Two that are indexed at the same moment may miss
each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared_code.domain.ports import ProductIndex, VectorQuery
from shared_code.domain.products import PointRef
from shared_code.domain.timing import stage

if TYPE_CHECKING:
    from shared_code.domain.products import Hit, ImageRecord

LEAST_COSINE = 0.96
"""benchmarks/results/duplicates.md: what it finds, and what it takes for the same wrongly."""

LOOKED_AT = 8
"""Closest pictures, of which some may be the product's own."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    index: ProductIndex

    def note(self, images: Sequence[ImageRecord]) -> None:
        """Of pictures that were just written."""
        queries = [VectorQuery("image", image.vector) for image in images]
        if not queries:
            return
        with stage("search"):
            for image, hits in zip(
                images, self.index.nearest(queries, limit=LOOKED_AT), strict=True
            ):
                same = [hit for hit in hits if _is_another(image, hit)]
                if same:
                    self._join(image.ref, same[0])

    def _join(self, mine: PointRef, other: Hit) -> None:
        assert other.image is not None, "a hit of the view of pictures"  # noqa: S101
        theirs = PointRef(other.product.product_id, other.image.key)
        group = other.image.group or theirs.point_id
        joining = [mine] if other.image.group else [mine, theirs]
        self.index.join_group(group, joining)


def _is_another(image: ImageRecord, hit: Hit) -> bool:
    return hit.score >= LEAST_COSINE and hit.product.product_id != image.product.product_id
