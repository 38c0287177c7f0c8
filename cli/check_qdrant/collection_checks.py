"""What is wrong with a collection on a Qdrant server, read off what the server says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from qdrant_client import models

from shared_code.adapters.qdrant.cloud.collection import DISTANCES
from shared_code.adapters.qdrant.index import SCROLL_SIZE
from shared_code.adapters.qdrant.layout import FITS_BYTES, memory_bytes
from shared_code.adapters.qdrant.points import KINDS, LEXICAL, CollectionSpec

Level = Literal["ok", "warning", "wrong"]

NEEDS: dict[str, float] = {
    "max_query_limit": SCROLL_SIZE,
    "search_max_oversampling": 2.0,
    "upsert_max_batchsize": 100,
    "search_max_batchsize": 3,
}
"""The least that strict mode has to allow, by its own names; None there is no limit."""


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    what: str
    says: str
    remedy: str = ""


def findings(info: models.CollectionInfo, spec: CollectionSpec) -> Iterator[Finding]:
    """All that can be told from the collection's description."""
    yield _vectors(info, spec)
    yield _words(info)
    yield _indexes(info, spec)
    yield _layout(info, spec)
    yield _strict_mode(info, spec)
    yield _copies(info)
    yield _status(info)


def _vectors(info: models.CollectionInfo, spec: CollectionSpec) -> Finding:
    found: Any = info.config.params.vectors
    wanted = (spec.model.dimension, DISTANCES[spec.distance])
    held = {kind: found.get(kind) if isinstance(found, dict) else None for kind in KINDS}
    wrong = [k for k, v in held.items() if v is None or (v.size, v.distance) != wanted]
    if not wrong:
        return Finding("ok", "vectors", f"{' and '.join(KINDS)}: {wanted[0]}, {wanted[1]}")
    said = ", ".join(f"{k}: {v.size}, {v.distance}" if v else f"{k}: none" for k, v in held.items())
    return Finding(
        "wrong",
        "vectors",
        f"{said}; the bundle in MODEL_DIR and QDRANT_DISTANCE want {wanted[0]}, {wanted[1]}",
        "Set them back, or set QDRANT_COLLECTION to a new name and index the pictures again.",
    )


def _words(info: models.CollectionInfo) -> Finding:
    sparse = (info.config.params.sparse_vectors or {}).get(LEXICAL)
    if sparse is not None and sparse.modifier == models.Modifier.IDF:
        return Finding("ok", "words", f"{LEXICAL}: sparse, IDF")
    return Finding(
        "wrong",
        "words",
        f"there is no sparse vector {LEXICAL!r} with the modifier IDF",
        "Set QDRANT_COLLECTION to a new name and index the pictures again.",
    )


def _indexes(info: models.CollectionInfo, spec: CollectionSpec) -> Finding:
    held = {key: schema.data_type for key, schema in info.payload_schema.items()}
    wrong = [f"{key} ({kind})" for key, kind in spec.indexes.items() if held.get(key) != kind]
    if not wrong:
        return Finding("ok", "payload indexes", f"all {len(spec.indexes)}")
    return Finding(
        "wrong",
        "payload indexes",
        f"missing, or of another type: {', '.join(wrong)}",
        "An app whose key may write makes them when it starts. Filters on them are slow until "
        "then, and in strict mode refused.",
    )


def _layout(info: models.CollectionInfo, spec: CollectionSpec) -> Finding:
    points = max(info.points_count or 0, spec.expected_vectors)
    takes = memory_bytes(points, spec.model.dimension)
    has_int8 = info.config.quantization_config is not None
    said = f"{points} vectors, {takes / 1e9:.2f} GB of memory as they are"
    if takes <= FITS_BYTES or has_int8:
        return Finding("ok", "size", f"{said}; {'int8' if has_int8 else 'not quantised'}")
    return Finding(
        "warning",
        "size",
        f"{said}, and not quantised",
        f"Set EXPECTED_VECTORS={points}: int8 codes take a quarter. (The originals move to disk "
        "when the collection is made anew.)",
    )


def _strict_mode(info: models.CollectionInfo, spec: CollectionSpec) -> Finding:
    strict = info.config.strict_mode_config
    if strict is None or not strict.enabled:
        return Finding("ok", "strict mode", "off")
    needs = {**NEEDS, "max_payload_index_count": len(spec.indexes)}
    limits = {name: getattr(strict, name, None) for name in needs}
    low = [f"{n}={v} (needed: {needs[n]:g})" for n, v in limits.items() if v and v < needs[n]]
    if not low:
        return Finding("ok", "strict mode", "on, with room for what this app asks")
    return Finding(
        "wrong",
        "strict mode",
        f"on, and too tight: {', '.join(low)}",
        "Raise these in the collection's strict_mode_config (PATCH /collections/<name>).",
    )


def _copies(info: models.CollectionInfo) -> Finding:
    copies = info.config.params.replication_factor or 1
    if copies > 1:
        return Finding("ok", "copies", str(copies))
    return Finding(
        "warning",
        "copies",
        "one: while its node is away nothing is found",
        "For production: three nodes and a replication factor of two.",
    )


def _status(info: models.CollectionInfo) -> Finding:
    if info.status == models.CollectionStatus.RED:
        remedy = "Look into the cluster's log; restore a backup if it does not recover."
        return Finding("wrong", "status", f"red: {info.optimizer_status}", remedy)
    return Finding("ok", "status", f"{info.status}, {info.points_count or 0} points")
