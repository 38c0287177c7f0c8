"""What a point in Qdrant holds and what its collection is called, whichever engine keeps it.

Pure: no engine is imported here.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import numpy as np

from shared_code.adapters.qdrant.layout import Layout, layout_for
from shared_code.adapters.qdrant.lexical import SparseVector, document_vector
from shared_code.domain.errors import Misconfigured, Unprocessable
from shared_code.domain.products import (
    Hit,
    ImageRecord,
    ImageRef,
    PointRef,
    PointRevision,
    ProductText,
    TextRecord,
)

if TYPE_CHECKING:
    from shared_code.domain.filters import FilterableFields
    from shared_code.domain.products import Kind, ModelInfo, Vector
    from shared_code.domain.vectors import Distance, Quantization

Payload: TypeAlias = dict[str, Any]
IndexType: TypeAlias = Literal["keyword", "integer", "float", "bool", "datetime"]
Record = TypeVar("Record", ImageRecord, TextRecord)

KINDS: tuple[Kind, Kind] = ("image", "text")
"""Each is the name of a vector too, so a search in one meets no point of the other."""

LEXICAL = "lexical"
"""The sparse vector of a text point."""

GROUP = "duplicate_group"

OWN_INDEXES: Mapping[str, IndexType] = {
    "product_id": "keyword",
    "kind": "keyword",
    "image_key": "keyword",
    GROUP: "keyword",
    "source_version": "integer",
    "text_version": "integer",
}
"""Qdrant Cloud's strict mode refuses filters on anything without a payload index, those of
deletes and conditional writes included."""

WORDS_KEYS = ("name", "description", "metadata", "text_version", "words_etag")
"""What ``words_payload`` holds."""

_INDEX_OF_FIELD: Mapping[str, IndexType] = {
    "keyword": "keyword",
    "number": "float",
    "bool": "bool",
    "date": "datetime",
}
_CURSOR_MARK = b"\x01"
"""First byte of a cursor: its layout, which is the mark and a point id."""


@dataclass(frozen=True, slots=True)
class CollectionSpec:
    """The one collection that a model's vectors live in."""

    alias: str
    model: ModelInfo
    distance: Distance
    quantization: Quantization
    fields: FilterableFields
    is_built: bool = False
    """It is being filled while the alias leads to another one, or to none."""
    expected_vectors: int = 0
    replication: int = 0
    """Copies of each shard, where a server makes the collection; 0: the engine's choice."""
    shards: int = 0
    """0: the engine's choice."""

    @property
    def name(self) -> str:
        return f"{self.alias}__{self.model.fingerprint}"

    @property
    def layout(self) -> Layout:
        return layout_for(self.expected_vectors, self.model.dimension, self.quantization)

    @property
    def indexes(self) -> dict[str, IndexType]:
        """Payload key -> type of its index."""
        own = dict(OWN_INDEXES)
        return own | {metadata_key(f): _INDEX_OF_FIELD[kind] for f, kind in self.fields.items()}

    def cosine(self, score: float) -> float:
        """Of two unit vectors, from the engine's score: |a - b|² = 2 - 2 a·b."""
        return 1 - score * score / 2 if self.distance == "euclid" else score

    def no_words(self) -> Misconfigured:
        return Misconfigured(
            f"The collection {self.name!r} was made by an earlier version, which kept no words to "
            "search for: set QDRANT_COLLECTION to a new name and index the pictures again."
        )

    def check_alias(self, target: str) -> None:
        """Raises Misconfigured when the alias leads to another model's collection."""
        if target != self.name and not self.is_built:
            raise Misconfigured(
                f"The alias {self.alias!r} leads to the collection {target!r}, made with another "
                f"model than the one loaded, whose collection would be {self.name!r}. Their "
                "vectors cannot be compared. To move to the model loaded, POST reindex: it fills "
                "that collection and leads the alias there. To search meanwhile, set MODEL_DIR to "
                "the other model and NEXT_MODEL_DIR to this one."
            )

    def wrong_distance(self) -> Misconfigured:
        return Misconfigured(
            f"The collection {self.name!r} was not made with QDRANT_DISTANCE={self.distance}: "
            "set it back, or set QDRANT_COLLECTION to a new name and index the pictures again."
        )

    def wrong_dimension(self) -> Misconfigured:
        return Misconfigured(
            f"The collection {self.name!r} does not hold vectors of {self.model.dimension}, which "
            "the model bundle gives: the bundle's manifest was changed, or the collection made by "
            "hand. Export the bundle again, or set QDRANT_COLLECTION to a new name and index the "
            "pictures again."
        )


def metadata_key(field: str) -> str:
    """The payload path of a metadata field, quoted where Qdrant quotes it when it lists indexes."""
    return f"metadata.{field}" if re.fullmatch(r"[\w-]+", field) else f'metadata."{field}"'


def newest(records: Iterable[Record]) -> list[Record]:
    """One record per point: the highest version, of equal ones the last."""
    kept: dict[PointRef, Record] = {}
    for record in records:
        held = kept.get(record.ref)
        if held is None or held.source.version <= record.source.version:
            kept[record.ref] = record
    return list(kept.values())


def words_payload(product: ProductText, version: int) -> Payload:
    """The keys that every point of a product carries and that change with its words."""
    return {
        "name": product.name,
        "description": product.description,
        "metadata": dict(product.metadata),
        "text_version": version,
        "words_etag": product.etag,
    }


def words_of(record: ImageRecord | TextRecord) -> SparseVector | None:
    """The words of a text point; None for a picture, and for a text without any."""
    if isinstance(record, ImageRecord):
        return None
    words = document_vector(record.product)
    return words if words.indices else None


def payload_of(record: ImageRecord | TextRecord) -> Payload:
    payload = {
        "product_id": record.product.product_id,
        "kind": record.ref.kind,
        "etag": record.source.etag,
        "source_version": record.source.version,
        "indexed_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if isinstance(record, TextRecord):
        return payload | words_payload(record.product, record.source.version)
    image = {"image_key": record.image.key, "blob": record.image.blob}
    return payload | image | words_payload(record.product, record.text_version)


def stored_words(text: Payload) -> Payload:
    """The words that a stored text point holds, to be set on the product's pictures."""
    return {key: text[key] for key in WORDS_KEYS}


def source_of(payload: Payload) -> PointRevision:
    return PointRevision(payload["etag"], payload["source_version"], payload["words_etag"])


def product_of(payload: Payload) -> ProductText:
    return ProductText(
        payload["product_id"], payload["name"], payload["description"], payload["metadata"]
    )


def image_of(payload: Payload) -> ImageRef:
    return ImageRef(payload["image_key"], payload["blob"], payload.get(GROUP, ""))


def ref_of(payload: Payload) -> PointRef:
    return PointRef(payload["product_id"], payload.get("image_key", ""))


def unit(vector: Any) -> Vector | None:
    """A stored vector as the core takes it; None for none. (An engine may scale what it keeps.)"""
    if not vector:
        return None
    array: Vector = np.asarray(vector, np.float32)
    return array / np.linalg.norm(array)


def hit_of(payload: Payload, score: float) -> Hit:
    kind: Kind = payload["kind"]
    image = image_of(payload) if kind == "image" else None
    return Hit(product_of(payload), kind, score, image)


def encode_cursor(point_id: str) -> str:
    return base64.urlsafe_b64encode(_CURSOR_MARK + uuid.UUID(point_id).bytes).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The point id to go on from. Raises Unprocessable for what ``encode_cursor`` never gave."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        point_id = str(uuid.UUID(bytes=raw.removeprefix(_CURSOR_MARK)))
        if encode_cursor(point_id) == cursor:
            return point_id
    except (binascii.Error, ValueError):
        pass
    raise foreign_cursor()


def foreign_cursor() -> Unprocessable:
    message = "is not one that this listing gave; leave it out to start from the beginning"
    return Unprocessable.at("cursor", message)
