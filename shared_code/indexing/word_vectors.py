"""The vector of what is said about a product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared_code.domain.errors import Unprocessable
from shared_code.domain.ports import Encoder
from shared_code.domain.products import ProductText

if TYPE_CHECKING:
    from shared_code.domain.products import Vector

NAME_WEIGHT = 0.3
"""Of the name in a product's text vector; benchmarks/product_text.py compares weights."""


def embed_words(encoder: Encoder, text: ProductText) -> Vector | None:
    """Name and description as one unit vector; None when the model knows no word of either.

    They are embedded apart, since in one text a long description drowns the name.
    """
    return _joined(_embedded(encoder, text.name), _embedded(encoder, text.description))


def embed_many_words(encoder: Encoder, texts: Sequence[ProductText]) -> list[Vector | None]:
    """The same of many products, embedded together."""
    said = {part for text in texts for part in (text.name, text.description) if part}
    ordered = sorted(said, key=len)  # a long one makes its whole batch long
    try:
        vectors = [embedding.vector for embedding in encoder.encode_texts(ordered)]
    except Unprocessable:  # the model knows no word of one of them
        return [embed_words(encoder, text) for text in texts]
    known = dict(zip(ordered, vectors, strict=True))
    return [_joined(known.get(text.name), known.get(text.description)) for text in texts]


def _joined(name: Vector | None, description: Vector | None) -> Vector | None:
    if name is None or description is None:
        return description if name is None else name
    both: Vector = NAME_WEIGHT * name + (1 - NAME_WEIGHT) * description
    length = float(both @ both) ** 0.5
    return both / length if length else name


def _embedded(encoder: Encoder, text: str) -> Vector | None:
    try:
        return encoder.encode_texts([text])[0].vector if text else None
    except Unprocessable:
        return None
