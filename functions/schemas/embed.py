"""The JSON shapes of vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from msgspec import Meta

from functions.schemas.base import Answer
from shared_code.domain.products import ModelInfo

if TYPE_CHECKING:
    from shared_code.domain.products import Vector

Embedding: TypeAlias = Annotated[list[float], Meta(description="A vector of length 1.")]


class TextEmbedding(Answer, frozen=True, kw_only=True):
    """The vector of one text."""

    embedding: Embedding
    dimension: int
    model: str


class TextEmbeddings(Answer, frozen=True, kw_only=True):
    """The vectors of several texts, in their order."""

    embeddings: list[Embedding]
    dimension: int
    model: str


class ImageEmbedding(Answer, frozen=True, kw_only=True):
    """The vector of one picture."""

    image: Annotated[str, Meta(description="The file's name.")]
    embedding: Embedding
    dimension: int
    model: str


class NamedEmbedding(Answer, frozen=True, kw_only=True):
    """The vector of one picture of several."""

    image: Annotated[str, Meta(description="The file's name.")]
    embedding: Embedding


class ImageEmbeddings(Answer, frozen=True, kw_only=True):
    """The vectors of several pictures, in their order."""

    images: list[NamedEmbedding]
    dimension: int
    model: str


def of_text(vector: Vector, model: ModelInfo) -> TextEmbedding:
    return TextEmbedding(embedding=_numbers(vector), dimension=model.dimension, model=model.name)


def of_texts(vectors: Sequence[Vector], model: ModelInfo) -> TextEmbeddings:
    return TextEmbeddings(
        embeddings=[_numbers(vector) for vector in vectors],
        dimension=model.dimension,
        model=model.name,
    )


def of_pictures(
    names: Sequence[str], vectors: Iterable[Vector], model: ModelInfo
) -> ImageEmbedding | ImageEmbeddings:
    """One picture is answered plainly, several as a list."""
    pairs = [(name, _numbers(vector)) for name, vector in zip(names, vectors, strict=True)]
    facts: dict[str, Any] = {"dimension": model.dimension, "model": model.name}
    if len(pairs) == 1:
        [(name, embedding)] = pairs
        return ImageEmbedding(image=name, embedding=embedding, **facts)
    images = [NamedEmbedding(image=name, embedding=embedding) for name, embedding in pairs]
    return ImageEmbeddings(images=images, **facts)


def _numbers(vector: Vector) -> list[float]:
    listed: list[float] = vector.tolist()
    return listed
