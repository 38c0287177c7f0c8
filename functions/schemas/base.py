"""The base of every answer, and what every error looks like."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType


class Answer(Struct, frozen=True):
    """A definition of this API. A field that is UNSET is left out; None is sent as null."""


class FieldProblem(Struct, frozen=True):
    """One thing wrong with one field of the request."""

    field: str
    message: str


class Problem(Answer, frozen=True, kw_only=True):
    """RFC 9457, as application/problem+json."""

    type: str = "about:blank"
    title: Annotated[str, Meta(description="The kind of problem; never varies.")]
    status: Annotated[int, Meta(description="The HTTP status, once more.")]
    detail: Annotated[str, Meta(description="What is wrong with this request and what to do.")]
    errors: list[FieldProblem] | UnsetType = UNSET
