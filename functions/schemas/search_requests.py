"""What searches may ask for. Options are the same for all; JSON and forms spell some otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeAlias, cast

from msgspec import UNSET, Meta, UnsetType

from functions.schemas.fields import FilterObject, FilterText, Limit, Offset, Text, Threshold
from functions.schemas.requests import Request, json_list, json_object
from functions.schemas.search_fields import (
    MAX_LIKE,
    Box,
    Cutoff,
    Diversity,
    Excluded,
    GivenVector,
    IdsText,
    ImageWeight,
    LikeThese,
    ProductId,
    Sort,
)
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import FilterableFields
from shared_code.domain.products import ImageBytes, Region
from shared_code.domain.sorting import parse_order
from shared_code.search import HybridQuery, Mode, Photo, SearchOptions, check_words
from shared_code.users import NO_DEFAULTS, SearchDefaults

Given: TypeAlias = Callable[[Sequence[float]], Any]
"""A vector that a caller sent, as the core takes it: ``Encoder.normalise_query_vector``."""

DEFAULT_LIMIT = 10


class Refinement(Request, frozen=True):
    """What every search may ask for."""

    limit: Annotated[Limit, Meta(description="How many at most; 10 if left out.")] | None = None
    offset: Offset = 0
    score_threshold: Threshold | None = None
    cutoff: Cutoff | None = None
    diversity: Diversity = 0.0
    sort: Sort | None = None
    explain: Annotated[bool, Meta(description="Says where each score comes from.")] = False
    personal: Annotated[bool, Meta(description="false: the user's preferences do not count.")] = (
        True
    )

    def refined(
        self,
        given: dict[str, Any],
        exclude: Sequence[str],
        fields: FilterableFields,
        prefers: SearchDefaults = NO_DEFAULTS,
    ) -> SearchOptions:
        """Preferences stand in for what was left out."""
        return SearchOptions(
            limit=self.limit or prefers.limit or DEFAULT_LIMIT,
            offset=self.offset,
            where=parse_filter(given, fields) if given else prefers.where,
            score_threshold=self.score_threshold,
            cutoff=self.cutoff == "auto",
            diversity=self.diversity,
            exclude=frozenset(exclude),
            order=parse_order(self.sort, fields) if self.sort else None,
            explain=self.explain,
            liked=prefers.liked,
            hidden=prefers.hidden,
            warnings=prefers.warnings,
        )


class JsonRefinement(Refinement, frozen=True):
    filter: FilterObject = {}  # noqa: RUF012  # msgspec copies it
    exclude: Excluded = ()

    def options(
        self, fields: FilterableFields, prefers: SearchDefaults = NO_DEFAULTS
    ) -> SearchOptions:
        return self.refined(self.filter, self.exclude, fields, prefers)


class FormRefinement(Refinement, frozen=True):
    filter: FilterText = "{}"
    exclude: IdsText = "[]"

    def options(
        self, fields: FilterableFields, prefers: SearchDefaults = NO_DEFAULTS
    ) -> SearchOptions:
        exclude = json_list("exclude", self.exclude, Excluded)
        return self.refined(json_object("filter", self.filter), exclude, fields, prefers)


Refined: TypeAlias = JsonRefinement | FormRefinement


class SearchRequest(JsonRefinement, frozen=True):
    """POST search: words, or a vector that stands for some."""

    query: Text | UnsetType = UNSET
    vector: GivenVector | UnsetType = UNSET
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

    def mode_for(self, prefers: SearchDefaults) -> Mode:
        """``auto`` unless said otherwise; a preferred mode that a vector cannot have is none."""
        preferred = cast("Mode | None", prefers.mode)
        if self.vector is not UNSET and preferred == "lexical":
            preferred = None
        return self.mode or preferred or "auto"


class PictureSearchRequest(FormRefinement, frozen=True):
    """POST search-image: what comes beside the picture, in the query string or the form."""

    target: Annotated[
        Literal["image", "text"],
        Meta(description="image: products that look alike; text: descriptions that fit."),
    ] = "image"
    box: Box | None = None

    def photo(self, data: ImageBytes) -> Photo:
        return Photo(data, region_of(self.box))


class SimilarRequest(FormRefinement, frozen=True):
    """GET products/{id}/similar."""


class HybridRequest(JsonRefinement, frozen=True):
    """POST search-hybrid as JSON: any mix of products, words and vectors, for and against."""

    query: Text | UnsetType = UNSET
    negative_query: Text | UnsetType = UNSET
    product_id: ProductId | UnsetType = UNSET
    product_ids: LikeThese = ()
    negative_ids: LikeThese = ()
    vectors: Annotated[tuple[GivenVector, ...], Meta(max_length=MAX_LIKE)] = ()
    image_weight: ImageWeight | None = None

    def check(self) -> None:
        """Raises Unprocessable when nothing is asked for."""
        self.blend((), list).check()

    def blend(self, pictures: Sequence[ImageBytes], given: Given) -> HybridQuery:
        """``pictures``: JSON brings none."""
        return HybridQuery(
            product_ids=_with_one(self.product_id, self.product_ids),
            vectors=[given(numbers) for numbers in self.vectors],
            text=_text(self.query),
            negative_text=_text(self.negative_query),
            negative_ids=self.negative_ids,
            image_weight=self.image_weight,
        )


class HybridForm(FormRefinement, frozen=True):
    """POST search-hybrid as a form: the same, and pictures."""

    query: Text | UnsetType = UNSET
    negative_query: Text | UnsetType = UNSET
    product_id: ProductId | UnsetType = UNSET
    product_ids: IdsText = "[]"
    negative_ids: IdsText = "[]"
    image_weight: ImageWeight | None = None
    box: Box | None = None

    def blend(self, pictures: Sequence[ImageBytes], given: Given) -> HybridQuery:
        """``given``: a form brings no vectors. Raises Unprocessable for a box that could be of
        any of several pictures."""
        region = region_of(self.box)
        if region and len(pictures) != 1:
            raise Unprocessable.at("box", f"is for one picture; {len(pictures)} came")
        return HybridQuery(
            photos=[Photo(picture, region) for picture in pictures],
            product_ids=_with_one(
                self.product_id, json_list("product_ids", self.product_ids, LikeThese)
            ),
            text=_text(self.query),
            negative_text=_text(self.negative_query),
            negative_ids=json_list("negative_ids", self.negative_ids, LikeThese),
            image_weight=self.image_weight,
        )


def _text(given: str | UnsetType) -> str:
    return "" if isinstance(given, UnsetType) else given


def _with_one(one: str | UnsetType, several: Sequence[str]) -> list[str]:
    first = [] if isinstance(one, UnsetType) else [one]
    return list(dict.fromkeys([*first, *several]))


def region_of(box: str | None) -> Region | None:
    if box is None:
        return None
    try:
        x, y, width, height = (float(part) for part in box.split(","))
        return Region(x, y, width, height)
    except ValueError as exc:
        message = "must be x,y,w,h in fractions of the picture, such as 0.25,0,0.5,1"
        raise Unprocessable.at("box", message) from exc
