"""From the points that each view found to one ranking of products. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared_code.search.query import LIKED_BONUS

if TYPE_CHECKING:
    from shared_code.domain.products import Hit, ImageRef, ProductText, ScoreCalibration, View


@dataclass(frozen=True, slots=True)
class Match:
    """What one view says of a product."""

    rank: int
    """1 is the view's best."""
    score: float
    """A cosine similarity; of the lexical view a BM25 score, 0 or more."""


@dataclass(frozen=True, slots=True)
class Result:
    """A product found. ``score`` is what the ranking used, ``matches`` its parts."""

    product: ProductText
    score: float
    image: ImageRef | None = None
    matches: Mapping[View, Match] = field(default_factory=dict)
    images: tuple[ImageRef, ...] = ()
    near_duplicates: tuple[str, ...] = ()
    """Products that show the same picture, or nearly."""

    @property
    def scores(self) -> dict[View, float]:
        return {view: match.score for view, match in self.matches.items()}


@dataclass(frozen=True, slots=True)
class _Found:
    hit: Hit
    match: Match


def dedupe_by_product(hits: Iterable[Hit]) -> list[Hit]:
    """The best hit of each product, in order of score."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.product.product_id, hit)
    return list(best.values())


def fuse_scores(lists: Mapping[View, Sequence[Hit]], weights: Mapping[View, float]) -> list[Result]:
    """Products by the weighted sum of their views' scores, best first; ties by product id.

    ``lists`` hold each product once, best first. A product that one list does not hold gets
    that list's last score, which its own cannot exceed by much: lists are fetched deeper than
    what is shown. In the lexical view it gets 0, which is what it has.
    """
    found: dict[str, dict[View, _Found]] = {}
    for view, hits in lists.items():
        for rank, hit in enumerate(hits, 1):
            of_product = found.setdefault(hit.product.product_id, {})
            of_product[view] = _Found(hit, Match(rank, hit.score))
    floors = {view: _floor(view, hits) for view, hits in lists.items()}
    units = {view: _unit(view, hits) if len(lists) > 1 else 1.0 for view, hits in lists.items()}
    shares = {view: weights[view] / units[view] for view in lists}
    results = [_summed(of_product, shares, floors) for of_product in found.values()]
    return sorted(results, key=lambda result: (-result.score, result.product.product_id))


def boost_liked(
    results: Sequence[Result], liked: frozenset[str], scale: ScoreCalibration | None
) -> list[Result]:
    """The same, liked products a little higher: by a part of what lies between the best score
    and that of unrelated things; without a scale, the last of the ranking stand for these."""
    if not liked or not results:
        return list(results)
    unrelated = scale.unrelated if scale else results[-1].score
    bonus = LIKED_BONUS * max(0.0, results[0].score - unrelated)
    raised = [
        replace(r, score=r.score + bonus) if r.product.product_id in liked else r for r in results
    ]
    return sorted(raised, key=lambda r: (-r.score, r.product.product_id not in liked))


def _floor(view: View, hits: Sequence[Hit]) -> float:
    return hits[-1].score if hits and view != "lexical" else 0.0


def _unit(view: View, hits: Sequence[Hit]) -> float:
    """BM25 scores have no upper bound: beside cosines, the best one of a list counts 1."""
    return hits[0].score if hits and view == "lexical" else 1.0


def _summed(
    found: Mapping[View, _Found], shares: Mapping[View, float], floors: Mapping[View, float]
) -> Result:
    score = sum(
        share * (found[view].match.score if view in found else floors[view])
        for view, share in shares.items()
    )
    hits = [part.hit for part in found.values()]
    image = next((hit.image for hit in hits if hit.image), None)
    matches = {view: part.match for view, part in found.items()}
    return Result(hits[0].product, score, image, matches)
