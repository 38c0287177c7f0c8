"""From pictures, products and words, for and against, to one query per view.

A score is linear in its query, so the sum of weighted queries against a view ranks as the
weighted sum of their scores would: one query does for all of them. Pictures are compared with
pictures; words with pictures and with descriptions, in the proportions of ``auto``. Of the
recipes in benchmarks/results/relevance.md this one answered "this dress, but green" best:
composing everything in the picture space was behind, and centring it on the means of pictures
and of texts, against the gap between them, was worse still.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared_code.domain.errors import NotFound, Unprocessable
from shared_code.domain.ports import ProductIndex, VectorQuery
from shared_code.domain.products import PointRef, ScoreCalibration
from shared_code.search.embeddings import Embeddings
from shared_code.search.query import WORDS_WEIGHTS, HybridQuery, RetrievalPlan, ViewQuery

if TYPE_CHECKING:
    from shared_code.domain.products import Kind, Vector

IMAGE_WEIGHT = 0.5
"""Of the pictures, where there is a text as well; benchmarks/relevance.py compares weights."""

NEGATIVE_WEIGHT = 0.5
"""Of everything against, beside everything for at 1."""

SMALLEST = 1e-3
"""Length of a sum of unit vectors below which its direction is noise."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A unit vector compared with one view."""

    view: Kind
    vector: Vector
    weight: float
    scale: ScoreCalibration | None


@dataclass(frozen=True, slots=True)
class HybridQueryBuilder:
    embeddings: Embeddings
    index: ProductIndex

    def asked(self, blend: HybridQuery) -> RetrievalPlan:
        """Raises NotFound for a product without any vector, Unprocessable when nothing is asked
        for, or when what is for and what is against cancel out."""
        blend.check()
        looks = [*self._photos(blend), *blend.vectors, *self._looks(blend.product_ids)]
        share = self._image_share(blend) if looks else 0.0
        parts = [part for part in self._parts(blend, looks, share) if part.weight]
        # descriptions are asked only where words speak for something
        views = sorted({part.view for part in parts if part.weight > 0})
        return RetrievalPlan(
            {v: _summed(v, [part for part in parts if part.view == v]) for v in views}
        )

    def _parts(self, blend: HybridQuery, looks: Sequence[Vector], share: float) -> Iterator[_Part]:
        if looks:
            yield from self._of_look(mean(looks), share)
        if blend.text:
            yield from self._of_words(blend.text, 1 - share)
        if blend.negative_text:
            yield from self._of_words(blend.negative_text, -NEGATIVE_WEIGHT)
        if blend.negative_ids:
            yield from self._of_look(mean(self._looks(blend.negative_ids)), -NEGATIVE_WEIGHT)

    def _image_share(self, blend: HybridQuery) -> float:
        if not blend.text:
            return 1.0
        return IMAGE_WEIGHT if blend.image_weight is None else blend.image_weight

    def _photos(self, blend: HybridQuery) -> Iterable[Vector]:
        return self.embeddings.photos(blend.photos) if blend.photos else ()

    def _looks(self, product_ids: Sequence[str]) -> list[Vector]:
        """One vector per product: of its pictures, or of its words where it has none."""
        if not product_ids:
            return []
        images = self.index.images_of(product_ids)
        refs = {
            product_id: [PointRef(product_id, image.key) for image in images.get(product_id, ())]
            or [PointRef(product_id)]
            for product_id in product_ids
        }
        vectors = self.index.vectors([ref for of_product in refs.values() for ref in of_product])
        found = {p: [vectors[ref] for ref in of_p if ref in vectors] for p, of_p in refs.items()}
        for product_id, of_product in found.items():
            if not of_product:
                raise NotFound(f"There is no product {product_id!r} with a picture or known words.")
        return [mean(of_product) for of_product in found.values()]

    def _of_look(self, vector: Vector, weight: float) -> list[_Part]:
        return [_Part("image", vector, weight, self.embeddings.scales.image_to_image)]

    def _of_words(self, text: str, weight: float) -> list[_Part]:
        embedding = self.embeddings.text(text)
        return [
            _Part(view, embedding.vector, weight * WORDS_WEIGHTS[view], scale)
            for view, scale in self.embeddings.scales.of_text.items()
        ]


def mean(vectors: Iterable[Vector]) -> Vector:
    """The direction in the middle of unit vectors. Raises Unprocessable when there is none."""
    return _unit(_total(vectors))[0]


def _summed(view: Kind, parts: Sequence[_Part]) -> ViewQuery:
    """The engine scales queries to unit length: the length of the sum goes into the weight."""
    vector, length = _unit(_total(part.weight * part.vector for part in parts))
    return ViewQuery(VectorQuery(view, vector), length, _scale(parts, length))


def _scale(parts: Sequence[_Part], length: float) -> ScoreCalibration | None:
    """Of the sum: a match fits what is for, and has nothing to do with what is against."""
    unrelated = match = 0.0
    for part in parts:
        if part.scale is None:
            return None
        unrelated += part.weight * part.scale.unrelated / length
        fits = part.scale.match if part.weight > 0 else part.scale.unrelated
        match += part.weight * fits / length
    return ScoreCalibration(unrelated, match)


def _total(vectors: Iterable[Vector]) -> Vector:
    total, *others = vectors
    for vector in others:
        total = total + vector
    return total


def _unit(vector: Vector) -> tuple[Vector, float]:
    """The direction and the length. Raises Unprocessable for a vector that is all but zero."""
    length = math.sqrt(float(vector @ vector))
    if length < SMALLEST:
        raise Unprocessable(
            "What is searched for and what is to be avoided cancel out: leave one of them out."
        )
    unit: Vector = vector / length
    return unit, length
