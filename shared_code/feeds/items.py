"""A product as a feed tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shared_code.domain.documents import product_text
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import FilterableFields
from shared_code.domain.naming import checked_product_id, readable_name
from shared_code.domain.products import ProductText
from shared_code.feeds.columns import fields_of, roles_of

MAX_IMAGES = 50
"""Of one product. A list that is longer is a mistake in the feed."""

_PICTURE = re.compile(r"https?://\S+|.*\.(?:jpe?g|png|webp|gif|bmp|tiff?|avif)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A product of a feed, or a row that is none and why."""

    row: int
    product_id: str = ""
    name: str = ""
    description: str = ""
    images: tuple[str, ...] = ()
    """Blobs of the images container, or https URLs."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def text(self) -> ProductText:
        return ProductText(self.product_id, self.name, self.description, self.metadata)

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> FeedItem:
        return cls(**{**said, "images": tuple(said.get("images", ()))})


def merged(items: Iterable[FeedItem]) -> list[FeedItem]:
    together: dict[str, FeedItem] = {}
    for item in items:
        key = item.product_id or f"/{item.row}"  # no id holds a slash
        before = together.pop(key, None)
        images = [*(before.images if before else ()), *item.images]
        together[key] = replace(item, images=tuple(dict.fromkeys(images)))
    return list(together.values())


def item_of(
    said: Sequence[tuple[str, Any]],
    row: int,
    known: FilterableFields,
    *,
    decimal_comma: bool = False,
) -> FeedItem:
    """Of a row's fields. Raises Unprocessable for what is no product."""
    values: dict[str, Any] = {"name": "", "description": ""}
    images: list[str] = []
    metadata: dict[str, Any] = {}
    for (role, name), (_, value) in zip(roles_of([c for c, _ in said]), said, strict=True):
        if role == "images":
            images += _images(value)
        elif role != "metadata":
            values[role] = _text(name, value)
        elif isinstance(value, str):
            metadata |= fields_of(name, value.strip(), known, decimal_comma=decimal_comma)
        elif name == "metadata" and isinstance(value, dict):
            metadata |= value
        elif value is not None:
            metadata[name] = value
    product_id = checked_product_id(values["id"])
    name = values["name"] or readable_name(product_id)
    text = product_text(product_id, name=name, description=values["description"], metadata=metadata)
    if len(images) > MAX_IMAGES:
        raise Unprocessable(f"has {len(images)} pictures; the limit is {MAX_IMAGES}")
    return FeedItem(row, product_id, text.name, text.description, tuple(images), text.metadata)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise Unprocessable(f"{name} must be a string")
    return "" if value is None else str(value).strip()


def _images(value: Any) -> Iterator[str]:
    given = value if isinstance(value, list) else [value]
    for each in given:
        if each is None:
            continue
        if not isinstance(each, str):
            raise Unprocessable("pictures must be given as text: blob names or https URLs")
        yield from _several(each)


def _several(text: str) -> list[str]:
    """A cell may name several: with | between them, or commas where each piece is a picture."""
    if "|" not in text and all(_PICTURE.fullmatch(piece.strip()) for piece in text.split(",")):
        text = text.replace(",", "|")
    return [piece.strip() for piece in text.split("|") if piece.strip()]
