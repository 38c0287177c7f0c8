"""A product as a feed describes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shared_code.domain.documents import make_product_text
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import FilterableFields
from shared_code.domain.naming import check_product_id, derive_name
from shared_code.domain.products import ProductText
from shared_code.feeds.columns import assign_roles, parse_cell

MAX_IMAGES = 50
"""Pictures of one product. A longer list is a mistake in the feed."""

_PICTURE = re.compile(r"https?://\S+|.*\.(?:jpe?g|png|webp|gif|bmp|tiff?|avif)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A product of a feed; or a row that cannot be used, with the problem."""

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
    def from_json(cls, item: Mapping[str, Any]) -> FeedItem:
        return cls(**{**item, "images": tuple(item.get("images", ()))})


def merge_items(items: Iterable[FeedItem]) -> list[FeedItem]:
    """Merges the items of one product: the last one's text, and the pictures of all."""
    merged: dict[str, FeedItem] = {}
    for item in items:
        key = item.product_id or f"/{item.row}"  # no product id holds a slash
        before = merged.pop(key, None)
        images = [*(before.images if before else ()), *item.images]
        merged[key] = replace(item, images=tuple(dict.fromkeys(images)))
    return list(merged.values())


def parse_item(
    fields: Sequence[tuple[str, Any]],
    row: int,
    known: FilterableFields,
    *,
    decimal_comma: bool = False,
) -> FeedItem:
    """Makes a product of a row's columns and values. Raises Unprocessable for what is not one."""
    values: dict[str, Any] = {"name": "", "description": ""}
    images: list[str] = []
    metadata: dict[str, Any] = {}
    roles = assign_roles([column for column, _ in fields])
    for (role, name), (_, value) in zip(roles, fields, strict=True):
        if role == "images":
            images += _parse_images(value)
        elif role != "metadata":
            values[role] = _to_text(name, value)
        elif isinstance(value, str):
            metadata |= parse_cell(name, value.strip(), known, decimal_comma=decimal_comma)
        elif name == "metadata" and isinstance(value, dict):
            metadata |= value
        elif value is not None:
            metadata[name] = value
    product_id = check_product_id(values["id"])
    name = values["name"] or derive_name(product_id)
    text = make_product_text(
        product_id, name=name, description=values["description"], metadata=metadata
    )
    if len(images) > MAX_IMAGES:
        raise Unprocessable(f"has {len(images)} pictures; the limit is {MAX_IMAGES}")
    return FeedItem(row, product_id, text.name, text.description, tuple(images), text.metadata)


def _to_text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise Unprocessable(f"{name} must be a string")
    return "" if value is None else str(value).strip()


def _parse_images(value: Any) -> Iterator[str]:
    cells = value if isinstance(value, list) else [value]
    for cell in cells:
        if cell is None:
            continue
        if not isinstance(cell, str):
            raise Unprocessable("pictures must be text: blob names or https URLs")
        yield from _split_images(cell)


def _split_images(text: str) -> list[str]:
    """Splits a cell that names several pictures: at |, or at commas where each piece is one."""
    if "|" not in text and all(_PICTURE.fullmatch(piece.strip()) for piece in text.split(",")):
        text = text.replace(",", "|")
    return [piece.strip() for piece in text.split("|") if piece.strip()]
