"""What can be asked of a search. Shapes and limits are checked by whoever parses a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared_code.domain.errors import Unprocessable
from shared_code.domain.ports import VectorQuery, WordQuery
from shared_code.domain.products import Region, ScoreCalibration

if TYPE_CHECKING:
    from shared_code.domain.filters import Filter
    from shared_code.domain.products import ImageBytes, Kind, Vector, View
    from shared_code.domain.sorting import Order

Mode: TypeAlias = Literal["auto", "image", "text", "lexical"]

WORDS_WEIGHTS: Mapping[Kind, float] = MappingProxyType({"image": 0.4, "text": 0.6})
"""Of a text's cosine with pictures and with descriptions, in ``auto``: see
benchmarks/results/relevance.md. Rank fusion was far behind, since it forgets that one of the
views may know nothing of the query."""

LEXICAL_WEIGHT = 0.1
"""Of the words themselves in ``auto``, where the best BM25 score of an answer counts 1: names
that the model knows little of, and ties. 0.3 of it cost English captions (the same table)."""

LIKED_BONUS = 0.1
"""Of what lies between the best score of an answer and that of unrelated things: a liked product
passes those that are hardly better, and none that answers the query while it does not."""

WINDOW = 100
"""Products of each view that are ranked when more than one view counts, or when the ranking is
cut, diversified, sorted or a user's own: whatever page is asked for, so that none changes places
between pages."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    limit: int = 10
    offset: int = 0
    where: Filter | None = None
    score_threshold: float | None = None
    cutoff: bool = False
    """Drop the tail that does not answer the query."""
    diversity: float = 0.0
    """0: by score alone; 1: as unlike one another as can be."""
    exclude: frozenset[str] = frozenset()
    """Products that are not shown."""
    order: Order | None = None
    """Order of what was found, instead of its score."""
    explain: bool = False
    liked: frozenset[str] = frozenset()
    """Products that score a little higher: ``LIKED_BONUS``."""
    hidden: frozenset[str] = frozenset()
    """Products that are not shown either; the answer says so."""
    warnings: tuple[str, ...] = ()
    """What the answer has to say of these options."""

    @property
    def wanted(self) -> int:
        return self.offset + self.limit

    @property
    def needs_window(self) -> bool:
        reordered = self.diversity > 0 or self.order is not None or bool(self.liked)
        return self.cutoff or reordered

    def without(self, product_ids: Sequence[str]) -> SearchOptions:
        return replace(self, exclude=self.exclude | frozenset(product_ids))


def check_words(text: str) -> None:
    """Raises Unprocessable for a text without a letter or digit."""
    if not any(character.isalnum() for character in text):
        raise Unprocessable("The query holds no word; write what to look for.")


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture to search by, or a part of it."""

    data: ImageBytes
    region: Region | None = None


@dataclass(frozen=True, slots=True, eq=False)
class HybridQuery:
    """Any mix of pictures, products, words and vectors, for and against."""

    photos: Sequence[Photo] = ()
    product_ids: Sequence[str] = ()
    vectors: Sequence[Vector] = ()
    text: str = ""
    negative_text: str = ""
    negative_ids: Sequence[str] = ()
    image_weight: float | None = None
    """Of the pictures against the text, 0..1; None: the default."""

    def check(self) -> None:
        """Raises Unprocessable when nothing is asked for."""
        if not (self.photos or self.product_ids or self.vectors or self.text):
            raise Unprocessable("There is nothing to look for: give a picture, a product or words.")


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """One view's part of a search."""

    sought: VectorQuery | WordQuery
    weight: float = 1.0
    scale: ScoreCalibration | None = None


@dataclass(frozen=True, slots=True)
class RetrievalPlan:
    """A search as the index is asked: the score of a product is the weighted sum over views."""

    queries: Mapping[View, ViewQuery]

    @property
    def weights(self) -> dict[View, float]:
        return {view: query.weight for view, query in self.queries.items()}

    @property
    def scale(self) -> ScoreCalibration | None:
        """Of the weighted sum; None when a part of it has none."""
        scales = [(q.weight, q.scale) for q in self.queries.values() if q.scale is not None]
        if len(scales) < len(self.queries):
            return None
        return ScoreCalibration(
            sum(weight * scale.unrelated for weight, scale in scales),
            sum(weight * scale.match for weight, scale in scales),
        )
