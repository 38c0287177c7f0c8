"""Searches: their options and their results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, cast

from msgspec import UNSET, Meta, UnsetType

from functions.schemas.base import (
    FORM_ONLY,
    JSON_ONLY,
    Request,
    Response,
    ResponseBody,
    as_json_text,
    published_as,
)
from functions.schemas.fields import FilterObject, Limit, Offset, ProductId, Sort, Text
from functions.schemas.products import ImageUrl, Metadata, describe_product
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import FilterableFields
from shared_code.domain.products import ImageBytes, ModelInfo, Region
from shared_code.domain.sorting import parse_order
from shared_code.domain.timing import current_stages
from shared_code.search import (
    HybridQuery,
    Mode,
    Photo,
    Result,
    Search,
    SearchOptions,
    SearchResults,
    check_words,
)
from shared_code.users import NO_DEFAULTS, SearchDefaults

if TYPE_CHECKING:
    from shared_code.domain.products import Vector

MAX_IDS = 100
MAX_LIKE = 16
DEFAULT_LIMIT = 10

SCORE_DIGITS = 4
"""float32 cosines of an int8 model differ in the fifth digit between machines."""

ToVector: TypeAlias = "Callable[[Sequence[float]], Vector]"
"""Checks the numbers of a vector that a caller sent: ``Encoder.normalise_query_vector``."""

_IDS_TEXT = "Product ids: a JSON list as text."

Excluded: TypeAlias = Annotated[
    tuple[ProductId, ...],
    Meta(
        max_length=MAX_IDS,
        description="Products that are not shown.",
        extra=as_json_text(_IDS_TEXT),
    ),
]
LikeThese: TypeAlias = Annotated[
    tuple[ProductId, ...],
    Meta(
        max_length=MAX_LIKE,
        description="Products to be like, or unlike.",
        extra=as_json_text(_IDS_TEXT),
    ),
]
Box: TypeAlias = Annotated[
    str,
    Meta(
        max_length=100,
        description="x,y,w,h of a part of the picture, from its top left, in fractions of it.",
        examples=["0.25,0,0.5,1"],
    ),
]
QueryVector: TypeAlias = Annotated[
    list[float],
    Meta(
        min_length=1,
        max_length=4096,
        description="An embedding by this app's model, such as POST embed returns.",
    ),
]
Threshold: TypeAlias = Annotated[
    float, Meta(ge=-1, le=1, description="Results with a lower score are left out.")
]
Cutoff: TypeAlias = Annotated[
    Literal["auto"], Meta(description="auto: products that do not answer the query are left out.")
]
Diversity: TypeAlias = Annotated[
    float, Meta(ge=0, le=1, description="0: by score alone; 1: as unlike one another as can be.")
]
ImageWeight: TypeAlias = Annotated[
    float,
    Meta(
        ge=0,
        le=1,
        description="The pictures' weight; the text has the rest. 0.5 if left out.",
    ),
]


class BaseSearchRequest(Request, frozen=True):
    """The options of every search."""

    limit: Annotated[Limit, Meta(description="How many at most; 10 if left out.")] | None = None
    offset: Offset = 0
    score_threshold: Threshold | None = None
    cutoff: Cutoff | None = None
    diversity: Diversity = 0.0
    sort: Sort | None = None
    explain: Annotated[bool, Meta(description="Says where each score comes from.")] = False
    personal: Annotated[bool, Meta(description="false: without the user's preferences.")] = True
    filter: FilterObject = {}  # noqa: RUF012  # msgspec copies it
    exclude: Excluded = ()

    def to_options(
        self, fields: FilterableFields, defaults: SearchDefaults = NO_DEFAULTS
    ) -> SearchOptions:
        """Returns the options for the engine; defaults stand in for what is left out.

        Raises Unprocessable for a filter or an order by an unknown field.
        """
        return SearchOptions(
            limit=self.limit or defaults.limit or DEFAULT_LIMIT,
            offset=self.offset,
            where=parse_filter(self.filter, fields) if self.filter else defaults.where,
            score_threshold=self.score_threshold,
            cutoff=self.cutoff == "auto",
            diversity=self.diversity,
            exclude=frozenset(self.exclude),
            order=parse_order(self.sort, fields) if self.sort else None,
            explain=self.explain,
            liked=defaults.liked,
            hidden=defaults.hidden,
            warnings=defaults.warnings,
        )


class SearchRequest(BaseSearchRequest, frozen=True):
    """POST search: words, or a vector in their place."""

    query: Text | UnsetType = UNSET
    vector: QueryVector | UnsetType = UNSET
    mode: Mode | None = None

    def __post_init__(self) -> None:
        if (self.query is UNSET) == (self.vector is UNSET):
            raise ValueError("give either query or vector")
        if self.vector is not UNSET and self.mode == "lexical":
            raise ValueError("mode lexical searches for words; give query")

    def check(self) -> None:
        """Raises Unprocessable for a query that no search would take."""
        if isinstance(self.query, str):
            check_words(self.query)

    def choose_mode(self, defaults: SearchDefaults) -> Mode:
        """Returns the requested mode, else the preferred one where it fits, else ``auto``."""
        preferred = cast("Mode | None", defaults.mode)
        if self.vector is not UNSET and preferred == "lexical":
            preferred = None
        return self.mode or preferred or "auto"

    def run(
        self,
        search: Search,
        options: SearchOptions,
        *,
        defaults: SearchDefaults,
        to_vector: ToVector,
    ) -> SearchResults:
        """Searches by the query, or by the vector. Raises as ``Search`` does."""
        mode = self.choose_mode(defaults)
        if isinstance(self.query, str):
            return search.by_text(self.query, mode, options)
        return search.by_vector(to_vector(self.vector or ()), mode, options)


class PictureSearchRequest(BaseSearchRequest, frozen=True):
    """POST search-image: options beside the picture, in the query string or the form."""

    target: Annotated[
        Literal["image", "text"],
        Meta(description="image: products that look alike; text: descriptions that fit."),
    ] = "image"
    box: Box | None = None

    def to_photo(self, data: ImageBytes) -> Photo:
        return Photo(data, parse_region(self.box))


class SimilarRequest(BaseSearchRequest, frozen=True):
    """GET products/{id}/similar."""


class HybridRequest(BaseSearchRequest, frozen=True):
    """POST search-hybrid: any mix of products, words, and vectors (JSON) or pictures (a form)."""

    form_name = "HybridForm"

    query: Text | UnsetType = UNSET
    negative_query: Text | UnsetType = UNSET
    product_id: ProductId | UnsetType = UNSET
    product_ids: LikeThese = ()
    negative_ids: LikeThese = ()
    vectors: Annotated[tuple[QueryVector, ...], Meta(max_length=MAX_LIKE, extra=JSON_ONLY)] = ()
    image_weight: ImageWeight | None = None
    box: Annotated[Box | None, Meta(extra=FORM_ONLY)] = None

    def check(self) -> None:
        """Raises Unprocessable when there is nothing to search for."""
        self.to_blend(lambda numbers: cast("Vector", numbers)).check()

    def to_blend(self, to_vector: ToVector, pictures: Sequence[ImageBytes] = ()) -> HybridQuery:
        """Raises Unprocessable for a box that could be of any of several pictures."""
        region = parse_region(self.box)
        if region and len(pictures) != 1:
            raise Unprocessable.at("box", f"is for one picture; {len(pictures)} were sent")
        return HybridQuery(
            photos=[Photo(picture, region) for picture in pictures],
            product_ids=self._all_product_ids,
            vectors=[to_vector(numbers) for numbers in self.vectors],
            text=self.query or "",
            negative_text=self.negative_query or "",
            negative_ids=self.negative_ids,
            image_weight=self.image_weight,
        )

    def run(
        self,
        search: Search,
        options: SearchOptions,
        *,
        to_vector: ToVector,
        defaults: SearchDefaults = NO_DEFAULTS,
        pictures: Sequence[ImageBytes] = (),
    ) -> SearchResults:
        """Ignores ``defaults``: a hybrid search has no mode that could be preferred."""
        return search.by_blend(self.to_blend(to_vector, pictures), options)

    @property
    def _all_product_ids(self) -> list[str]:
        first = [] if isinstance(self.product_id, UnsetType) else [self.product_id]
        return list(dict.fromkeys([*first, *self.product_ids]))


def parse_region(box: str | None) -> Region | None:
    if box is None:
        return None
    try:
        x, y, width, height = (float(part) for part in box.split(","))
        return Region(x, y, width, height)
    except ValueError as exc:
        message = "must be x,y,w,h in fractions of the picture, such as 0.25,0,0.5,1"
        raise Unprocessable.at("box", message) from exc


@published_as("ViewExplained")
class ViewExplanation(ResponseBody, frozen=True, kw_only=True):
    """The rank and similarity of a product in one view."""

    rank: int
    similarity: Annotated[float, Meta(description="A cosine; of the lexical view, a BM25 score.")]


@published_as("SearchResult")
class SearchHit(ResponseBody, frozen=True, kw_only=True):
    """A product that was found."""

    id: str
    name: str
    description: str
    score: Annotated[float, Meta(description="Results are ranked by it; higher is better.")]
    scores: Annotated[dict[str, float], Meta(description="The parts that the score is made of.")]
    image_url: ImageUrl | None
    images: list[ImageUrl]
    metadata: Metadata
    near_duplicates: (
        Annotated[list[str], Meta(description="Products that show nearly the same picture.")]
        | UnsetType
    ) = UNSET
    explain: dict[str, ViewExplanation] | UnsetType = UNSET

    @classmethod
    def from_result(cls, result: Result, *, explain: bool) -> SearchHit:
        explanations: dict[str, ViewExplanation] = {
            view: ViewExplanation(rank=match.rank, similarity=round(match.score, SCORE_DIGITS))
            for view, match in result.matches.items()
        }
        return cls(
            **describe_product(result.product, result.image, result.images),
            score=round(result.score, SCORE_DIGITS),
            scores={view: round(score, SCORE_DIGITS) for view, score in result.scores.items()},
            near_duplicates=list(result.near_duplicates) or UNSET,
            explain=explanations if explain else UNSET,
        )


@published_as("SearchExplained")
class SearchExplanation(ResponseBody, frozen=True, kw_only=True):
    """How the results were ranked."""

    weights: Annotated[dict[str, float], Meta(description="The weight of each view's score.")]
    candidates: Annotated[dict[str, int], Meta(description="Products that each view found.")]
    timings_ms: Annotated[dict[str, float], Meta(description="Time spent until here, by stage.")]

    @classmethod
    def from_answer(cls, answer: SearchResults) -> SearchExplanation:
        return cls(
            weights={view: round(weight, SCORE_DIGITS) for view, weight in answer.weights.items()},
            candidates={view: count for view, count in answer.candidates.items()},
            timings_ms={name: round(ms, 2) for name, ms in current_stages().items()},
        )


@published_as("SearchAnswer")
class SearchResponse(ResponseBody, frozen=True, kw_only=True):
    """The products that were found, best first; each product once."""

    query: str | UnsetType = UNSET
    query_image: Annotated[str, Meta(description="The file's name.")] | UnsetType = UNSET
    embedding_dimension: int | UnsetType = UNSET
    model: str
    mode: str
    count: int
    results: list[SearchHit]
    warnings: list[str] | UnsetType = UNSET
    degraded: (
        Annotated[bool, Meta(description="Less than was asked for; try again after Retry-After.")]
        | UnsetType
    ) = UNSET
    degraded_reason: str | UnsetType = UNSET
    explain: SearchExplanation | UnsetType = UNSET

    @classmethod
    def from_answer(
        cls,
        answer: SearchResults,
        options: SearchOptions,
        model: ModelInfo,
        *,
        query: str | UnsetType = UNSET,
        query_image: str | UnsetType = UNSET,
    ) -> Response[SearchResponse]:
        """``query_image``: the name of the picture that was searched by."""
        degraded = answer.degraded
        body = cls(
            query=query,
            query_image=query_image,
            embedding_dimension=UNSET if query_image is UNSET else model.dimension,
            model=model.name,
            mode=answer.mode,
            count=len(answer.results),
            results=[SearchHit.from_result(r, explain=options.explain) for r in answer.results],
            warnings=[*options.warnings, *answer.warnings] or UNSET,
            degraded=True if degraded else UNSET,
            degraded_reason=degraded.reason if degraded else UNSET,
            explain=SearchExplanation.from_answer(answer) if options.explain else UNSET,
        )
        wait = degraded and degraded.retry_after_s
        return Response(body, headers={"retry-after": str(wait)} if wait else {})
