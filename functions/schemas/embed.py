"""Embeddings of texts and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from functions.schemas.base import Request, ResponseBody
from functions.schemas.fields import Text
from shared_code.domain.products import ModelInfo

if TYPE_CHECKING:
    from shared_code.domain.products import Vector

MAX_TEXTS = 64

Embedding: TypeAlias = Annotated[list[float], Meta(description="A vector of length 1.")]


class EmbedRequest(Request, frozen=True):
    """POST embed: one text, or several."""

    text: Text | UnsetType = UNSET
    texts: Annotated[list[Text], Meta(min_length=1, max_length=MAX_TEXTS)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.text is UNSET) == (self.texts is UNSET):
            raise ValueError("give either text or texts")

    @property
    def all_texts(self) -> list[str]:
        return [str(self.text)] if isinstance(self.texts, UnsetType) else self.texts

    def to_response(
        self, vectors: Sequence[Vector], model: ModelInfo
    ) -> TextEmbedding | TextEmbeddings:
        """Returns an object for ``text``, a list for ``texts``."""
        facts: dict[str, Any] = {"dimension": model.dimension, "model": model.name}
        embeddings = [_to_numbers(vector) for vector in vectors]
        if self.texts is UNSET:
            return TextEmbedding(embedding=embeddings[0], **facts)
        return TextEmbeddings(embeddings=embeddings, **facts)


class TextEmbedding(ResponseBody, frozen=True, kw_only=True):
    """The vector of one text."""

    embedding: Embedding
    dimension: int
    model: str


class TextEmbeddings(ResponseBody, frozen=True, kw_only=True):
    """The vectors of several texts, in their order."""

    embeddings: list[Embedding]
    dimension: int
    model: str


class ImageEmbedding(ResponseBody, frozen=True, kw_only=True):
    """The vector of one picture."""

    image: Annotated[str, Meta(description="The file's name.")]
    embedding: Embedding
    dimension: int
    model: str


class NamedEmbedding(ResponseBody, frozen=True, kw_only=True):
    """The vector of one picture of several."""

    image: Annotated[str, Meta(description="The file's name.")]
    embedding: Embedding


class ImageEmbeddings(ResponseBody, frozen=True, kw_only=True):
    """The vectors of several pictures, in their order."""

    images: list[NamedEmbedding]
    dimension: int
    model: str


def make_image_response(
    names: Sequence[str], vectors: Iterable[Vector], model: ModelInfo
) -> ImageEmbedding | ImageEmbeddings:
    """Returns an object for one picture, a list for several."""
    facts: dict[str, Any] = {"dimension": model.dimension, "model": model.name}
    pairs = [(name, _to_numbers(vector)) for name, vector in zip(names, vectors, strict=True)]
    if len(pairs) == 1:
        [(name, embedding)] = pairs
        return ImageEmbedding(image=name, embedding=embedding, **facts)
    images = [NamedEmbedding(image=name, embedding=embedding) for name, embedding in pairs]
    return ImageEmbeddings(images=images, **facts)


def _to_numbers(vector: Vector) -> list[float]:
    numbers: list[float] = vector.tolist()
    return numbers
