"""The JSON shapes of what searches answer."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from functions.http.contract import Reply
from functions.schemas.base import Answer
from functions.schemas.products import ImageUrl, Metadata, shown
from shared_code.domain.products import ModelInfo
from shared_code.domain.timing import current_stages
from shared_code.search import Result, SearchOptions, SearchResults

SCORE_DIGITS = 4
"""float32 cosines of an int8 model differ in the fifth digit between machines."""


class ViewExplained(Answer, frozen=True, kw_only=True):
    """What one view says of a product."""

    rank: int
    similarity: Annotated[float, Meta(description="A cosine; of the lexical view, a BM25 score.")]


class SearchResult(Answer, frozen=True, kw_only=True):
    """A product that was found."""

    id: str
    name: str
    description: str
    score: Annotated[float, Meta(description="What the ranking used; higher is better.")]
    scores: Annotated[dict[str, float], Meta(description="The parts that the score is made of.")]
    image_url: ImageUrl | None
    images: list[ImageUrl]
    metadata: Metadata
    near_duplicates: (
        Annotated[list[str], Meta(description="Products that show nearly the same picture.")]
        | UnsetType
    ) = UNSET
    explain: dict[str, ViewExplained] | UnsetType = UNSET


class SearchExplained(Answer, frozen=True, kw_only=True):
    """How the answer came about."""

    weights: Annotated[dict[str, float], Meta(description="Of the views' scores, by view.")]
    candidates: Annotated[dict[str, int], Meta(description="Products that each view brought.")]
    timings_ms: Annotated[dict[str, float], Meta(description="Time spent until here, by stage.")]


class SearchAnswer(Answer, frozen=True, kw_only=True):
    """What was found, best first; each product once."""

    query: str | UnsetType = UNSET
    query_image: Annotated[str, Meta(description="The file's name.")] | UnsetType = UNSET
    embedding_dimension: int | UnsetType = UNSET
    model: str
    mode: str
    count: int
    results: list[SearchResult]
    warnings: list[str] | UnsetType = UNSET
    degraded: (
        Annotated[bool, Meta(description="Less than was asked for; Retry-After says for how long.")]
        | UnsetType
    ) = UNSET
    degraded_reason: str | UnsetType = UNSET
    explain: SearchExplained | UnsetType = UNSET


def search_answer(
    answer: SearchResults, options: SearchOptions, model: ModelInfo, **about: Any
) -> Reply[SearchAnswer]:
    body = SearchAnswer(
        **about,
        model=model.name,
        mode=answer.mode,
        count=len(answer.results),
        results=[_result(result, explain=options.explain) for result in answer.results],
        warnings=[*options.warnings, *answer.warnings] or UNSET,
        degraded=True if answer.degraded else UNSET,
        degraded_reason=answer.degraded.reason if answer.degraded else UNSET,
        explain=_explained(answer) if options.explain else UNSET,
    )
    wait = answer.degraded and answer.degraded.retry_after_s
    return Reply(body, headers={"retry-after": str(wait)} if wait else {})


def _explained(answer: SearchResults) -> SearchExplained:
    return SearchExplained(
        weights={view: round(weight, SCORE_DIGITS) for view, weight in answer.weights.items()},
        candidates={view: count for view, count in answer.candidates.items()},
        timings_ms={name: round(ms, 2) for name, ms in current_stages().items()},
    )


def _result(result: Result, *, explain: bool) -> SearchResult:
    matches: dict[str, ViewExplained] = {
        view: ViewExplained(rank=match.rank, similarity=round(match.score, SCORE_DIGITS))
        for view, match in result.matches.items()
    }
    return SearchResult(
        **shown(result.product, result.image, result.images),
        score=round(result.score, SCORE_DIGITS),
        scores={view: round(score, SCORE_DIGITS) for view, score in result.scores.items()},
        near_duplicates=list(result.near_duplicates) or UNSET,
        explain=matches if explain else UNSET,
    )
