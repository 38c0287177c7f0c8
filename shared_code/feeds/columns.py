"""What the columns of a feed mean: many names for one thing, and the types of the rest.

Names of Google Merchant feeds are understood. What is no column of ours is metadata; its type is
what ``FILTERABLE_FIELDS`` says, else what its text looks like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import FieldType, FilterableFields

Role: TypeAlias = Literal["id", "name", "description", "images", "metadata"]

NAMES: Mapping[Role, Sequence[str]] = {
    "id": ("product_id", "productid", "id", "sku", "item_id", "offer_id"),
    "name": ("name", "title", "product_name"),
    "description": ("description", "body", "product_description"),
    "images": (
        "image",
        "images",
        "image_link",
        "additional_image_link",
        "image_url",
        "image_urls",
        "image_links",
        "additional_image_links",
        "picture",
        "photo",
    ),
}
"""Of several columns for one thing the first of these is taken, and the others are metadata;
those of pictures are all taken."""

SPELLINGS = (("color", "colour"), ("in_stock", "availability"))
"""A field that one feed or shop calls so, and another so."""

_IDENTIFIERS = re.compile(r"gtin|ean|upc|isbn|mpn|.*_id|.*zip|.*postcode|.*phone|google_product.*")
"""Digits that are no numbers: nobody compares them, and a zero in front means something."""

_PRICE = re.compile(r"(?:([A-Z]{3}|[€$£¥])\s*)?(-?\d[\d.,' ]*?)\s*([A-Z]{3}|[€$£¥])?")
_CURRENCIES = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d+)?")
_COMMA_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17}),\d+")
_TRUE = {"true", "yes", "1", "in stock", "in_stock", "instock", "available"}
_FALSE = {"false", "no", "0", "out of stock", "out_of_stock", "outofstock", "sold out"}
_FALSE |= {"preorder", "backorder", "unavailable"}


def plain_name(column: str) -> str:
    """``g:Image Link`` -> ``image_link``."""
    return re.sub(r"\W+", "_", column.strip().lower().removeprefix("g:")).strip("_")


def roles_of(columns: Sequence[str]) -> list[tuple[Role, str]]:
    """Of each column what it is to a product, and its plain name.

    Raises Unprocessable when none holds the product's id.
    """
    plain = [plain_name(name) or f"column_{at}" for at, name in enumerate(columns, start=1)]
    chosen = {
        role: next((name for name in names if name in plain), "") for role, names in NAMES.items()
    }
    if not chosen["id"]:
        wanted, found = ", ".join(NAMES["id"]), ", ".join(columns)[:300]
        raise Unprocessable(f"The feed has no column with product ids ({wanted}); it has {found}.")
    roles: dict[str, Role] = {name: "images" for name in NAMES["images"]}
    roles |= {name: role for role, name in chosen.items() if role != "images"}
    return [(roles.get(name, "metadata"), name) for name in plain]


def fields_of(
    name: str, text: str, known: FilterableFields, *, decimal_comma: bool
) -> dict[str, Any]:
    """One cell as metadata; an empty one is none. Raises Unprocessable for a text that is not of
    the type that a filter needs."""
    if not text:
        return {}
    if name == "product_type" and "category" in known:
        return {name: text, "category": text.split(">")[-1].strip()}
    field = _spelled(name, known)
    kind = known.get(field)
    if kind == "number" or (kind is None and name.endswith("price")):
        return _number(field, text, decimal_comma=decimal_comma)
    if kind is not None:
        both = {name: text} if name == "availability" and field != name else {}
        return {**both, field: _of_kind(field, text, kind)}
    return {field: _guessed(name, text, decimal_comma=decimal_comma)}


def _spelled(name: str, known: FilterableFields) -> str:
    for pair in SPELLINGS:
        if name in pair and name not in known:
            return next((other for other in pair if other in known), name)
    return name


def _of_kind(field: str, text: str, kind: FieldType) -> Any:
    if kind != "bool":
        return text
    said = text.lower()
    if said in _TRUE or said in _FALSE:
        return said in _TRUE
    raise Unprocessable(f"{field} must be true or false, not {text[:50]!r}")


def _number(field: str, text: str, *, decimal_comma: bool) -> dict[str, Any]:
    """``49.99 EUR`` is a number and, for a price, its currency."""
    found = _PRICE.fullmatch(text)
    if found is None:
        raise Unprocessable(f"{field} must be a number, not {text[:50]!r}")
    currency = found[1] or found[3] or ""
    try:
        value = float(_with_point(found[2], decimal_comma=decimal_comma))
    except ValueError:
        raise Unprocessable(f"{field} must be a number, not {text[:50]!r}") from None
    number = int(value) if value.is_integer() and "." not in text and "," not in text else value
    said = {"currency": _CURRENCIES.get(currency, currency)} if currency else {}
    return {field: number, **(said if field == "price" else {})}


def _with_point(digits: str, *, decimal_comma: bool) -> str:
    """Of two kinds of marks the last one is the decimal one. A lone mark with three digits
    behind it separates thousands, unless it is this feed's decimal mark."""
    plain = re.sub(r"[' ]", "", digits)
    last = max(plain.rfind(","), plain.rfind("."))
    if last < 0:
        return plain
    mark, decimals = plain[last], plain[last + 1 :]
    is_alone = plain.count(",") + plain.count(".") == 1
    is_decimal = (mark == ",") == decimal_comma if is_alone else plain.count(mark) == 1
    if is_alone and len(decimals) != 3:
        is_decimal = True
    whole = re.sub(r"[.,]", "", plain[:last])
    return f"{whole}.{decimals}" if is_decimal else whole + decimals


def _guessed(name: str, text: str, *, decimal_comma: bool) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _IDENTIFIERS.fullmatch(name):
        return text
    if decimal_comma and _COMMA_NUMBER.fullmatch(text):
        return float(text.replace(",", "."))
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
