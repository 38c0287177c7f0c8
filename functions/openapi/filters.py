"""The schema of filters: it depends on a setting, FILTERABLE_FIELDS."""

from __future__ import annotations

from functions.openapi.json_schema import Schema
from functions.schemas.fields import FILTER
from shared_code.domain.filter_language import MAX_VALUES
from shared_code.domain.filters import FieldType, FilterableFields

_TYPES: dict[FieldType, Schema] = {
    "keyword": {"type": "string"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "examples": ["2026-11-23", "2026-11-23T10:00:00Z"]},
}
_BOUNDS = ("gt", "gte", "lt", "lte")


def filter_schema(fields: FilterableFields) -> Schema:
    itself = {"$ref": f"#/components/schemas/{FILTER}"}
    return {
        "title": FILTER,
        "description": "Everything given must hold. A value, a list (any of), or a range.",
        "type": "object",
        "properties": {
            **{name: _condition(kind) for name, kind in fields.items()},
            "not": itself,
            "and": {"type": "array", "items": itself, "minItems": 1},
            "or": {"type": "array", "items": itself, "minItems": 1},
        },
        "additionalProperties": False,
    }


def _condition(kind: FieldType) -> Schema:
    value = _TYPES[kind]
    several = {"type": "array", "items": value, "minItems": 1, "maxItems": MAX_VALUES}
    return {"anyOf": [value, several, *([_range(value)] if kind in ("number", "date") else [])]}


def _range(value: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {name: value for name in _BOUNDS},
        "additionalProperties": False,
        "minProperties": 1,
    }
