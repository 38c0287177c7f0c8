"""The meaning of a feed's columns: many names for one thing, and the types of the rest.

The names of Google Merchant feeds are understood. Other columns are metadata, of the type that
``FILTERABLE_FIELDS`` declares or else of the one that the text looks like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import FieldType, FilterableFields

ColumnRole: TypeAlias = Literal["id", "name", "description", "images", "metadata"]

NAMES: Mapping[ColumnRole, Sequence[str]] = {
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
"""Where a feed has several columns for one thing, the first name in this list wins and the others
are metadata; all columns of pictures are used."""

SPELLINGS = (("color", "colour"), ("in_stock", "availability"))
"""Pairs of names for the same field in different feeds or shops."""

_IDENTIFIERS = re.compile(r"gtin|ean|upc|isbn|mpn|.*_id|.*zip|.*postcode|.*phone|google_product.*")
"""Columns whose digits are not numbers: nobody compares them, and a leading zero matters."""

_PRICE = re.compile(r"(?:([A-Z]{3}|[€$£¥])\s*)?(-?\d[\d.,' ]*?)\s*([A-Z]{3}|[€$£¥])?")
_CURRENCIES = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d+)?")
_COMMA_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17}),\d+")
_TRUE = {"true", "yes", "1", "in stock", "in_stock", "instock", "available"}
_FALSE = {"false", "no", "0", "out of stock", "out_of_stock", "outofstock", "sold out"}
_FALSE |= {"preorder", "backorder", "unavailable"}


def normalize_column(column: str) -> str:
    """Returns the plain name of a column: ``image_link`` for ``g:Image Link``."""
    return re.sub(r"\W+", "_", column.strip().lower().removeprefix("g:")).strip("_")


def assign_roles(columns: Sequence[str]) -> list[tuple[ColumnRole, str]]:
    """Returns what each column is to a product, and its plain name.

    Raises Unprocessable when none holds the product's id.
    """
    plain = [normalize_column(name) or f"column_{at}" for at, name in enumerate(columns, start=1)]
    chosen = {
        role: next((name for name in names if name in plain), "") for role, names in NAMES.items()
    }
    if not chosen["id"]:
        names, present = ", ".join(NAMES["id"]), ", ".join(columns)[:300]
        raise Unprocessable(f"The feed has no column with product ids ({names}); it has {present}.")
    roles: dict[str, ColumnRole] = {name: "images" for name in NAMES["images"]}
    roles |= {name: role for role, name in chosen.items() if role != "images"}
    return [(roles.get(name, "metadata"), name) for name in plain]


def parse_cell(
    name: str, text: str, known: FilterableFields, *, decimal_comma: bool
) -> dict[str, Any]:
    """Returns a cell as metadata; nothing for an empty one. Raises Unprocessable for a text that is
    not of the type that filters need."""
    if not text:
        return {}
    if name == "product_type" and "category" in known:
        return {name: text, "category": text.split(">")[-1].strip()}
    field = _choose_spelling(name, known)
    kind = known.get(field)
    if kind == "number" or (kind is None and name.endswith("price")):
        return _parse_number(field, text, decimal_comma=decimal_comma)
    if kind is not None:
        both = {name: text} if name == "availability" and field != name else {}
        return {**both, field: _convert(field, text, kind)}
    return {field: _guess_value(name, text, decimal_comma=decimal_comma)}


def _choose_spelling(name: str, known: FilterableFields) -> str:
    for pair in SPELLINGS:
        if name in pair and name not in known:
            return next((other for other in pair if other in known), name)
    return name


def _convert(field: str, text: str, kind: FieldType) -> Any:
    if kind != "bool":
        return text
    word = text.lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Unprocessable(f"{field} must be true or false, not {text[:50]!r}")


def _parse_number(field: str, text: str, *, decimal_comma: bool) -> dict[str, Any]:
    """Reads ``49.99 EUR`` as a number and, for a price, its currency."""
    match = _PRICE.fullmatch(text)
    if match is None:
        raise Unprocessable(f"{field} must be a number, not {text[:50]!r}")
    currency = match[1] or match[3] or ""
    try:
        value = float(_normalize_decimals(match[2], decimal_comma=decimal_comma))
    except ValueError:
        raise Unprocessable(f"{field} must be a number, not {text[:50]!r}") from None
    number = int(value) if value.is_integer() and "." not in text and "," not in text else value
    with_currency = {"currency": _CURRENCIES.get(currency, currency)} if currency else {}
    return {field: number, **(with_currency if field == "price" else {})}


def _normalize_decimals(digits: str, *, decimal_comma: bool) -> str:
    """Writes the number with a decimal point. Where it has commas and points, the last one is the
    decimal mark. A lone mark before three digits separates thousands, unless it is this feed's
    decimal mark."""
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


def _guess_value(name: str, text: str, *, decimal_comma: bool) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _IDENTIFIERS.fullmatch(name):
        return text
    if decimal_comma and _COMMA_NUMBER.fullmatch(text):
        return float(text.replace(",", "."))
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
