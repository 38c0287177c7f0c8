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
        """A reference to the schema of a definition; of a union, to any of them."""
        members = typing.get_args(shape) if _is_union(shape) else (shape,)
        schemas = [self._collected(member) for member in members]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def object_of(self, shape: Any) -> Schema:
        """The schema of a definition itself, for one that is no body of its own."""
        ref, found = _described(shape)
        own = found.pop(ref["$ref"].rpartition("/")[2])
        self._keep(found)
        return own

    def _collected(self, shape: Any) -> Schema:
        schema, found = _described(shape)
        self._keep(found)
        return schema

    def _keep(self, found: Mapping[str, Schema]) -> None:
        for name, schema in found.items():
            if self.components.setdefault(name, schema) != schema:
                raise ValueError(f"two definitions of the API are called {name}")


def without_null(schema: Schema) -> Schema:
    """For query strings and forms, where what is absent has no value of its own."""
    others = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(others) != 1:
        return schema
    rest = {k: v for k, v in schema.items() if k != "anyOf" and (k, v) != ("default", None)}
    return {**others[0], **rest}


def _described(shape: Any) -> tuple[Schema, dict[str, Schema]]:
    """As JSON would hold it: defaults may be tuples."""
    described = msgspec.json.schema_components([shape], ref_template=_REF)
    [schema], found = msgspec.json.decode(msgspec.json.encode(described))
    return schema, found


def _is_union(shape: Any) -> bool:
    return typing.get_origin(shape) in (typing.Union, types.UnionType)
