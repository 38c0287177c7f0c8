"""Search: by words, by pictures, by any mix of both; one answer per product.

Every search comes down to queries against views (pictures, descriptions by meaning,
descriptions by words), each with a weight: see ``_answer``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared_code.domain.errors import Misconfigured, Unavailable, Unprocessable
from shared_code.domain.ports import ProductIndex, VectorQuery, WordQuery
from shared_code.domain.products import ScoreCalibration
from shared_code.domain.timing import stage
from shared_code.search import warnings
from shared_code.search.blending import HybridQueryBuilder
from shared_code.search.embeddings import Embeddings
from shared_code.search.query import (
    LEXICAL_WEIGHT,
    WINDOW,
    WORDS_WEIGHTS,
    HybridQuery,
    Mode,
    Photo,
    RetrievalPlan,
    SearchOptions,
    ViewQuery,
    check_words,
)
from shared_code.search.ranking import Result, boost_liked, dedupe_by_product, fuse_scores
from shared_code.search.refining import Reranker

if TYPE_CHECKING:
    from shared_code.domain.products import Hit, Kind, Vector, View

log = logging.getLogger(__name__)

OVER_FETCH = 2
"""Points fetched per product wanted, at first: most products have one or two pictures."""

MAX_FETCH = 5_000
"""Points of one query at most; beyond it an answer may hold fewer products than asked for."""


@dataclass(frozen=True, slots=True)
class Degraded:
    """Why an answer is less than what was asked for, and when to ask again."""

    reason: str
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class SearchResults:
    results: tuple[Result, ...]
    mode: Mode
    warnings: tuple[str, ...] = ()
    degraded: Degraded | None = None
    weights: Mapping[View, float] = field(default_factory=dict)
    """Of the views that were asked."""
    candidates: Mapping[View, int] = field(default_factory=dict)
    """Products that each view brought."""


@dataclass(frozen=True, slots=True)
class Search:
    embeddings: Embeddings
    index: ProductIndex

    def by_text(self, text: str, mode: Mode, options: SearchOptions) -> SearchResults:
        """``image``: the text against pictures; ``text``: against names and descriptions;
        ``lexical``: its words against theirs, without the model; ``auto``: all three, weighted.

        While the model cannot be used the words alone answer, and the answer says so. Raises
        Unprocessable for a text without a letter or digit.
        """
        check_words(text)
        if mode == "lexical":
            return self._by_words(text, options)
        try:
            embedding = self.embeddings.text(text)
        except (Unavailable, Misconfigured) as exc:
            log.warning("answered by words alone: %s", exc)
            reason = f"Only the query's words were searched for. {exc}"
            return replace(
                self._by_words(text, options),
                degraded=Degraded(reason, exc.retry_after_s),
            )
        except Unprocessable as exc:
            answer = self._by_words(text, options)
            return replace(answer, warnings=(f"{exc} {_WORDS_ONLY}", *answer.warnings))
        answer = self._answer(self._of_text(embedding.vector, mode, text), mode, options)
        return replace(answer, warnings=(*warnings.split(embedding), *answer.warnings))

    def by_vector(self, vector: Vector, mode: Mode, options: SearchOptions) -> SearchResults:
        """``vector``: of unit length, made of a text by the model whose name answers bear."""
        return self._answer(self._of_text(vector, mode), mode, options)

    def by_picture(self, photo: Photo, target: Kind, options: SearchOptions) -> SearchResults:
        """``image``: products that look alike; ``text``: descriptions closest to the photo."""
        query = VectorQuery(target, self.embeddings.photo(photo))
        scales = self.embeddings.scales
        scale = scales.image_to_image if target == "image" else scales.text_to_image
        return self._answer(RetrievalPlan({target: ViewQuery(query, scale=scale)}), target, options)

    def by_blend(self, blend: HybridQuery, options: SearchOptions) -> SearchResults:
        """What is like the pictures and products given and like the text, and unlike what is
        given as negative. The products given are not among the results.

        Raises NotFound for a product that has no vector, Unprocessable when what is for and
        what is against cancel out.
        """
        asked = HybridQueryBuilder(self.embeddings, self.index).asked(blend)
        options = options.without([*blend.product_ids, *blend.negative_ids])
        return self._answer(asked, "auto", options)

    def similar(self, product_id: str, options: SearchOptions) -> SearchResults:
        """Products like this one. Raises NotFound for one that the index does not know."""
        return self.by_blend(HybridQuery(product_ids=[product_id]), options)

    def _by_words(self, text: str, options: SearchOptions) -> SearchResults:
        return self._answer(
            RetrievalPlan({"lexical": ViewQuery(WordQuery(text))}), "lexical", options
        )

    def _of_text(self, vector: Vector, mode: Mode, text: str = "") -> RetrievalPlan:
        scales = self.embeddings.scales.of_text
        weights = {mode: 1.0} if mode in scales else WORDS_WEIGHTS
        queries: dict[View, ViewQuery] = {
            kind: ViewQuery(VectorQuery(kind, vector), weights[kind], scale)
            for kind, scale in scales.items()
            if kind in weights
        }
        if mode == "auto" and text:
            queries["lexical"] = ViewQuery(
                WordQuery(text), LEXICAL_WEIGHT, ScoreCalibration(0.0, 1.0)
            )
        return RetrievalPlan(queries)

    def _answer(self, asked: RetrievalPlan, mode: Mode, options: SearchOptions) -> SearchResults:
        in_window = len(asked.queries) > 1 or options.needs_window
        # as many more as may have to be left out
        left_out = len(options.exclude | options.hidden)
        wanted = (WINDOW if in_window else options.wanted) + left_out
        lists = self._candidates(asked, wanted, options)
        ranking = fuse_scores(lists, asked.weights)
        scale = asked.scale
        if mode == "lexical" and ranking:  # BM25 knows no other scale than its best
            scale = ScoreCalibration(0.0, ranking[0].score)
        ranking = boost_liked(ranking, options.liked, scale)
        return SearchResults(
            Reranker(self.index).page(ranking, scale, options),
            mode,
            (
                *warnings.window(in_window, options),
                *warnings.cutoff(scale, options),
                *warnings.hidden(ranking, options),
            ),
            weights=asked.weights,
            candidates={view: len(hits) for view, hits in lists.items()},
        )

    def _candidates(
        self, asked: RetrievalPlan, wanted: int, options: SearchOptions
    ) -> dict[View, list[Hit]]:
        """Per view the best products, fetching deeper while several points share one."""
        fetch = wanted * OVER_FETCH
        sought = [query.sought for query in asked.queries.values()]
        with stage("search"):
            while True:
                hits = self.index.nearest(sought, limit=fetch, where=options.where)
                found = [dedupe_by_product(of_query) for of_query in hits]
                exhausted = [len(of_query) < fetch for of_query in hits]
                enough = [len(products) >= wanted for products in found]
                if fetch >= MAX_FETCH or all(map(bool.__or__, exhausted, enough)):
                    cut = (products[:wanted] for products in found)
                    return dict(zip(asked.queries, cut, strict=True))
                fetch = min(fetch * 4, MAX_FETCH)


_WORDS_ONLY = "Products were found by the words themselves."
