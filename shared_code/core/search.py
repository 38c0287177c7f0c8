"""Search: text, pictures, or both views of a text fused, one answer per product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared_code.core.ports import Encoder, ProductIndex, VectorQuery
from shared_code.core.timing import stage

if TYPE_CHECKING:
    from shared_code.core.filters import Filter
    from shared_code.core.products import Hit, ImageRef, Kind, ProductText

Mode: TypeAlias = Literal["auto", "image", "text"]

FUSION_WEIGHTS: Mapping[Kind, float] = MappingProxyType({"image": 0.4, "text": 0.6})
"""Of the two cosines in ``auto``. benchmarks/fusion.py compares recipes; rank fusion was far
behind, since it forgets that one of the two views may know nothing of the query."""

FUSION_WINDOW = 100
"""Products of each list that ``auto`` ranks, whatever page is asked for: with another depth
for another page, products would change places between pages."""

OVER_FETCH = 2
"""Points fetched per product wanted, at first: most products have one or two pictures."""

MAX_FETCH = 5_000
"""Points of one query at most; beyond it an answer may hold fewer products than asked for."""


@dataclass(frozen=True, slots=True)
class Options:
    limit: int = 10
    offset: int = 0
    where: Filter | None = None
    score_threshold: float | None = None

    @property
    def wanted(self) -> int:
        return self.offset + self.limit


@dataclass(frozen=True, slots=True)
class Result:
    """A product found. ``score`` is what the ranking used; ``scores`` are its parts."""

    product: ProductText
    score: float
    image: ImageRef | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    images: tuple[ImageRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    results: tuple[Result, ...]
    mode: Mode
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    encoder: Encoder
    index: ProductIndex

    def by_text(self, text: str, mode: Mode, options: Options) -> Answer:
        """``image``: the text against pictures; ``text``: against names and descriptions;
        ``auto``: both, weighted. Scores of a single mode are cosine similarities."""
        embedding = self.encoder.encode_texts([text])[0]
        kinds: tuple[Kind, ...] = ("image", "text") if mode == "auto" else (mode,)
        found = self._nearest([VectorQuery(kind, embedding.vector) for kind in kinds], options)
        ranked = _fused(dict(zip(kinds, found, strict=True))) if mode == "auto" else found[0]
        warnings = (*_split_warning(embedding.windows), *_window_warning(mode, options))
        return Answer(self._results(ranked, options), mode, warnings)

    def by_picture(self, picture: bytes, target: Kind, options: Options) -> Answer:
        """``image``: products that look alike; ``text``: descriptions closest to the photo."""
        vector = self.encoder.encode_images([self.encoder.decode(picture)])[0]
        [found] = self._nearest([VectorQuery(target, vector)], options)
        return Answer(self._results(found, options), target)

    def _nearest(self, queries: Sequence[VectorQuery], options: Options) -> list[list[Result]]:
        """Per query the best products, fetching deeper while several points share one."""
        wanted = options.wanted if len(queries) == 1 else FUSION_WINDOW
        fetch = wanted * OVER_FETCH
        with stage("search"):
            while True:
                hits = self.index.nearest(queries, limit=fetch, where=options.where)
                found = [_one_per_product(of_query) for of_query in hits]
                exhausted = [len(of_query) < fetch for of_query in hits]
                enough = [len(products) >= wanted for products in found]
                if fetch >= MAX_FETCH or all(map(bool.__or__, exhausted, enough)):
                    return [products[:wanted] for products in found]
                fetch = min(fetch * 4, MAX_FETCH)

    def _results(self, ranked: Sequence[Result], options: Options) -> tuple[Result, ...]:
        least = options.score_threshold
        kept = [r for r in ranked if least is None or r.score >= least]
        page = kept[options.offset : options.wanted]
        with stage("search"):
            images = self.index.images_of([r.product.product_id for r in page]) if page else {}
        return tuple(_with_images(r, images.get(r.product.product_id, ())) for r in page)


def _one_per_product(hits: Iterable[Hit]) -> list[Result]:
    """The best hit of each product, in order of score."""
    best: dict[str, Result] = {}
    for hit in hits:
        best.setdefault(
            hit.product.product_id,
            Result(hit.product, hit.score, hit.image, {hit.kind: hit.score}),
        )
    return list(best.values())


def _fused(lists: Mapping[Kind, Sequence[Result]]) -> list[Result]:
    """The weighted sum of both cosines per product, best first.

    A product that one list does not hold gets that list's last score, which its own cannot
    exceed by much: the lists are fetched deeper than what is shown.
    """
    parts: dict[str, dict[Kind, Result]] = {}
    for kind, results in lists.items():
        for result in results:
            parts.setdefault(result.product.product_id, {})[kind] = result
    floors = {kind: results[-1].score for kind, results in lists.items() if results}
    fused = [_summed(found, floors) for found in parts.values()]
    return sorted(fused, key=lambda result: (-result.score, result.product.product_id))


def _summed(found: Mapping[Kind, Result], floors: Mapping[Kind, float]) -> Result:
    score = sum(
        weight * (found[kind].score if kind in found else floors.get(kind, 0.0))
        for kind, weight in FUSION_WEIGHTS.items()
    )
    some = next(iter(found.values()))
    image = next((part.image for part in found.values() if part.image), None)
    return Result(some.product, score, image, {kind: r.score for kind, r in found.items()})


def _with_images(result: Result, images: tuple[ImageRef, ...]) -> Result:
    shown = result.image or (images[0] if images else None)
    return Result(result.product, result.score, shown, result.scores, images)


def _split_warning(windows: int) -> tuple[str, ...]:
    if windows == 1:
        return ()
    return (f"The text is over the model's limit: its {windows} parts were embedded and averaged.",)


def _window_warning(mode: Mode, options: Options) -> tuple[str, ...]:
    if mode != "auto" or options.wanted <= FUSION_WINDOW:
        return ()
    return (f"auto ranks the best {FUSION_WINDOW} of each view; use mode text or image beyond.",)
