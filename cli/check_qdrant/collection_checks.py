"""Judges how a collection is set up, from the description that a Qdrant server gives of it."""

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

REQUIRED_LIMITS: dict[str, float] = {
    "max_query_limit": SCROLL_SIZE,
    "search_max_oversampling": 2.0,
    "upsert_max_batchsize": 100,
    "search_max_batchsize": 3,
}
"""The lowest limits in strict mode that the app works with, by the names of their settings."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    level: Level
    subject: str
    summary: str
    remedy: str = ""


def check_collection(
    info: models.CollectionInfo, spec: CollectionSpec, *, active_copies: int | None
) -> Iterator[Finding]:
    """``active_copies``: of the shard that has the fewest; None: unknown."""
    yield _check_vectors(info, spec)
    yield _check_sparse_vector(info)
    yield _check_payload_indexes(info, spec)
    yield _check_size(info, spec)
    yield _check_strict_mode(info, spec)
    yield _check_copies(info, spec, active_copies)
    yield _check_shards(info, spec)
    yield _check_status(info)


def _check_vectors(info: models.CollectionInfo, spec: CollectionSpec) -> Finding:
    vectors: Any = info.config.params.vectors
    dimension, distance = spec.model.dimension, DISTANCES[spec.distance]
    actual = {kind: vectors.get(kind) if isinstance(vectors, dict) else None for kind in KINDS}
    if all(
        v is not None and (v.size, v.distance) == (dimension, distance) for v in actual.values()
    ):
        return Finding("ok", "vectors", f"{' and '.join(KINDS)}: {dimension}, {distance}")
    summary = ", ".join(
        f"{kind}: {v.size}, {v.distance}" if v else f"{kind}: none" for kind, v in actual.items()
    )
    return Finding(
        "wrong",
        "vectors",
        f"{summary}; the bundle in MODEL_DIR and QDRANT_DISTANCE need {dimension}, {distance}",
        "Set them back, or set QDRANT_COLLECTION to a new name and index the pictures again.",
    )


def _check_sparse_vector(info: models.CollectionInfo) -> Finding:
    sparse = (info.config.params.sparse_vectors or {}).get(LEXICAL)
    if sparse is not None and sparse.modifier == models.Modifier.IDF:
        return Finding("ok", "words", f"{LEXICAL}: sparse, IDF")
    return Finding(
        "wrong",
        "words",
        f"there is no sparse vector {LEXICAL!r} with the modifier IDF",
        "Set QDRANT_COLLECTION to a new name and index the pictures again.",
    )


def _check_payload_indexes(info: models.CollectionInfo, spec: CollectionSpec) -> Finding:
    actual = {key: schema.data_type for key, schema in info.payload_schema.items()}
    wrong = [f"{key} ({kind})" for key, kind in spec.indexes.items() if actual.get(key) != kind]
    if not wrong:
        return Finding("ok", "payload indexes", f"all {len(spec.indexes)}")
    return Finding(
        "wrong",
        "payload indexes",
        f"missing, or of another type: {', '.join(wrong)}",
        "An app whose key can write makes them when it starts. Until then filters on them are "
        "slow, and in strict mode refused.",
    )


def _check_size(info: models.CollectionInfo, spec: CollectionSpec) -> Finding:
    points = max(info.points_count or 0, spec.expected_vectors)
    size = memory_bytes(points, spec.model.dimension)
    is_quantised = info.config.quantization_config is not None
    summary = f"{points} vectors, {size / 1e9:.2f} GB of memory as they are"
    if size <= FITS_BYTES or is_quantised:
        return Finding("ok", "size", f"{summary}; {'int8' if is_quantised else 'not quantised'}")
    return Finding(
        "warning",
        "size",
        f"{summary}, and not quantised",
        f"Set EXPECTED_VECTORS={points}: int8 codes take a quarter. (The originals only move to "
        "disk when the collection is made anew.)",
    )


def _check_strict_mode(info: models.CollectionInfo, spec: CollectionSpec) -> Finding:
    strict_mode = info.config.strict_mode_config
    if strict_mode is None or not strict_mode.enabled:
        return Finding("ok", "strict mode", "off")
    required = {**REQUIRED_LIMITS, "max_payload_index_count": len(spec.indexes)}
    limits = {name: getattr(strict_mode, name, None) for name in required}
    too_low = [
        f"{name}={limit} (needed: {required[name]:g})"
        for name, limit in limits.items()
        if limit and limit < required[name]  # None is no limit
    ]
    if not too_low:
        return Finding("ok", "strict mode", "on, with limits that this app stays below")
    return Finding(
        "wrong",
        "strict mode",
        f"on, and too strict: {', '.join(too_low)}",
        "Raise these limits in the collection's strict_mode_config (PATCH /collections/<name>).",
    )


def count_active_copies(cluster: models.CollectionClusterInfo) -> int:
    """Returns how many nodes serve the shard that the fewest nodes serve."""
    replicas = [(shard.shard_id, shard.state) for shard in cluster.local_shards]
    replicas += [(shard.shard_id, shard.state) for shard in cluster.remote_shards]
    copies = dict.fromkeys((shard_id for shard_id, _ in replicas), 0)
    for shard_id, state in replicas:
        copies[shard_id] += state == models.ReplicaState.ACTIVE
    return min(copies.values(), default=0)


def _check_copies(
    info: models.CollectionInfo, spec: CollectionSpec, active_copies: int | None
) -> Finding:
    params = info.config.params
    replication = params.replication_factor or 1
    if spec.replication and spec.replication != replication:
        return Finding(
            "warning",
            "copies",
            f"{replication}, but QDRANT_REPLICATION is {spec.replication}",
            "The setting counts when a collection is made. Change this one in Qdrant, as "
            f"docs/operations.md says, or set QDRANT_REPLICATION={replication}.",
        )
    if active_copies is not None and active_copies < replication:
        return Finding(
            "warning",
            "copies",
            f"{replication} are configured, but a shard has only {active_copies} in service",
            f"Are there {replication} nodes, and are all of them up? If they are, copy the shards "
            "in Qdrant, as docs/operations.md says.",
        )
    if replication > 1:
        required = params.write_consistency_factor or 1
        summary = f"{replication}; a write succeeds when {required} have it"
        return Finding("ok", "copies", summary)
    return Finding(
        "warning",
        "copies",
        "one: while its node is down, searches fail",
        "For production: three nodes, and QDRANT_REPLICATION=2 before the collection is made. "
        "docs/operations.md says how to change this one.",
    )


def _check_shards(info: models.CollectionInfo, spec: CollectionSpec) -> Finding:
    shards = info.config.params.shard_number or 1
    if spec.shards in (0, shards):
        return Finding("ok", "shards", str(shards))
    return Finding(
        "warning",
        "shards",
        f"{shards}, but QDRANT_SHARDS is {spec.shards}",
        "The setting counts when a collection is made. To apply it, set QDRANT_COLLECTION to a new "
        "name and index the pictures again, or reshard this collection in Qdrant Cloud; else set "
        f"QDRANT_SHARDS={shards}.",
    )


def _check_status(info: models.CollectionInfo) -> Finding:
    if info.status == models.CollectionStatus.RED:
        remedy = "Look into the cluster's log; restore a backup if it does not recover."
        return Finding("wrong", "status", f"red: {info.optimizer_status}", remedy)
    return Finding("ok", "status", f"{info.status}, {info.points_count or 0} points")
