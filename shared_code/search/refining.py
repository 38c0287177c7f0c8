"""From a ranking to the page that is shown: left out, cut, made diverse, sorted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared_code.domain.products import PointRef
from shared_code.domain.timing import stage
from shared_code.search.cutoff import count_above_cutoff
from shared_code.search.diversity import mmr_rerank

if TYPE_CHECKING:
    from shared_code.domain.ports import ProductIndex
    from shared_code.domain.products import ImageRef, ScoreCalibration
    from shared_code.search.query import SearchOptions
    from shared_code.search.ranking import Result


@dataclass(frozen=True, slots=True)
class Reranker:
    index: ProductIndex

    def page(
        self, ranking: Sequence[Result], scale: ScoreCalibration | None, options: SearchOptions
    ) -> tuple[Result, ...]:
        """``scale``: of the scores; without one nothing is cut off."""
        left_out = options.exclude | options.hidden
        results = [r for r in ranking if r.product.product_id not in left_out]
        if options.score_threshold is not None:
            results = [r for r in results if r.score >= options.score_threshold]
        if options.cutoff or options.diversity:
            results = self._cut_and_diversified(results, scale, options)
        if options.order is not None:
            key = options.order.key
            results = sorted(results, key=lambda result: key(result.product.metadata))
        return self._with_images(results[options.offset : options.wanted])

    def _cut_and_diversified(
        self, results: Sequence[Result], scale: ScoreCalibration | None, options: SearchOptions
    ) -> list[Result]:
        """Diverse among what answers the query: its opposite would be most diverse."""
        answers = (
            count_above_cutoff([result.score for result in results], scale)
            if scale
            else len(results)
        )
        tail = [] if options.cutoff else results[answers:]
        if not options.diversity:
            return [*results[:answers], *tail]
        return [*self._diversified(results[:answers], options.diversity), *tail]

    def _diversified(self, results: Sequence[Result], strength: float) -> list[Result]:
        refs = [_ref(result) for result in results]
        with stage("search"):
            vectors = self.index.vectors(refs)
        order = mmr_rerank([r.score for r in results], list(map(vectors.get, refs)), strength)
        return [results[at] for at in order]

    def _with_images(self, page: Sequence[Result]) -> tuple[Result, ...]:
        ids = [result.product.product_id for result in page]
        if not ids:
            return ()
        with stage("search"):
            images = self.index.images_of(ids)
            named = {image.group for of_one in images.values() for image in of_one}
            groups = self.index.groups(named - {""})
        return tuple(
            _shown(result, images.get(product_id, ()), groups)
            for product_id, result in zip(ids, page, strict=True)
        )


def _shown(
    result: Result, images: tuple[ImageRef, ...], groups: Mapping[str, frozenset[str]]
) -> Result:
    same = {product_id for image in images for product_id in groups.get(image.group, ())}
    return replace(
        result,
        images=images,
        image=result.image or (images[0] if images else None),
        near_duplicates=tuple(sorted(same - {result.product.product_id})),
    )


def _ref(result: Result) -> PointRef:
    """What stands for the product: the picture that matched, else its text."""
    return PointRef(result.product.product_id, result.image.key if result.image else "")
