"""JSON Schema (2020-12, the dialect of OpenAPI 3.1) of the definitions that handlers use."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

Schema: TypeAlias = dict[str, Any]

_REF = "#/components/schemas/{name}"


class Schemas:
    """Collects under ``components`` what the schemas that it hands out refer to."""

    def __init__(self, components: Mapping[str, Schema]) -> None:
        self.components = dict(components)

    def of(self, shape: Any) -> Schema:
        """Returns a reference to the schema of a definition; for a union, to any of its members."""
        members = typing.get_args(shape) if _is_union(shape) else (shape,)
        schemas = [self._add_schema(member) for member in members]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def object_of(self, shape: Any) -> Schema:
        """Returns the schema itself, of a definition that is not a body."""
        ref, components = _generate_schema(shape)
        schema = components.pop(ref["$ref"].rpartition("/")[2])
        self._add_components(components)
        return schema

    def _add_schema(self, shape: Any) -> Schema:
        schema, components = _generate_schema(shape)
        self._add_components(components)
        return schema

    def _add_components(self, components: Mapping[str, Schema]) -> None:
        for name, schema in components.items():
            if self.components.setdefault(name, schema) != schema:
                raise ValueError(f"two definitions of the API are called {name}")


def without_null(schema: Schema) -> Schema:
    """Returns the schema for a query string or a form, which leave a field out instead of null."""
    others = [member for member in schema.get("anyOf", ()) if member != {"type": "null"}]
    if len(others) != 1:
        return schema
    rest = {k: v for k, v in schema.items() if k != "anyOf" and (k, v) != ("default", None)}
    return {**others[0], **rest}


def _generate_schema(shape: Any) -> tuple[Schema, dict[str, Schema]]:
    """Returns the schema and the components that it refers to, as JSON: defaults may be tuples."""
    generated = msgspec.json.schema_components([shape], ref_template=_REF)
    [schema], components = msgspec.json.decode(msgspec.json.encode(generated))
    return schema, components


def _is_union(shape: Any) -> bool:
    return typing.get_origin(shape) in (typing.Union, types.UnionType)
