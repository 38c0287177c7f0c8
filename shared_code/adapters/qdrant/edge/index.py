"""The ProductIndex port on Qdrant Edge, Qdrant's engine inside this process: the default.

It writes, and calls the engine for the reads, which ``shared_code/adapters/qdrant/index.py`` has
for both engines.

What is known of the engine (0.9.0), measured here:
* The binding holds the GIL through every call: calls from threads are safe and run one
  after the other, and a long one stops the whole process.
* An update is in the write-ahead log when it returns, so killing the process loses nothing.
* ``optimize`` stops everything for 8 s at 10,000 points of 512 dimensions and makes a search
  no faster (about 1 ms): it is not used, and vectors are never quantised here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import qdrant_edge as edge

from shared_code.adapters.qdrant.edge.shard import LazyShard, translated
from shared_code.adapters.qdrant.filters import Dialect
from shared_code.adapters.qdrant.index import Keys, Points, QdrantIndex, Sought
from shared_code.adapters.qdrant.ordered import OrderedPoint, ordered_point
from shared_code.adapters.qdrant.points import (
    GROUP,
    CollectionSpec,
    Payload,
    metadata_key,
    newest,
    payload_of,
    stored_words,
)
from shared_code.domain.products import ImageRecord, PointRef, TextRecord
from shared_code.domain.sorting import position_to_date

if TYPE_CHECKING:
    from shared_code.domain.sorting import Order

FLUSH_EVERY = 10_000
"""Points written between two flushes, which trim the log: 30 MB of it, read again in 0.3 s
after a kill. A flush stops the process for up to half a second."""

_DIALECT = Dialect(
    filter=edge.Filter,
    condition=edge.FieldCondition,
    any_of=edge.MatchAny,
    range=edge.RangeFloat,
    # the binding takes a Python bool for the integer 0 or 1, which matches no boolean
    flag=lambda value: edge.MatchValue(np.bool_(value)),  # type: ignore[arg-type]
    dates=edge.RangeDateTime,
    sparse=edge.SparseVector,
)


class QdrantEdgeIndex(QdrantIndex):
    """Opened on first use; until ``close`` no other process can open the folder."""

    def __init__(self, root: Path, spec: CollectionSpec) -> None:
        super().__init__(spec, _DIALECT)
        self._shard = LazyShard(root, spec)
        self._writing = threading.Lock()
        self._unflushed = 0

    def write(self, images: Sequence[ImageRecord], texts: Sequence[TextRecord]) -> None:
        """Pictures first, the text last: after a kill in between, the text point still has
        its old etag, so the event that comes again mends what is missing."""
        images, texts = newest(images), newest(texts)
        with self._writing:  # what is read here stays true until it is written
            stored = self._stored([*images, *texts])
            images = [image for image in images if not _is_older(image, stored)]
            texts = [text for text in texts if not _is_older(text, stored)]
            words = {
                p["product_id"]: stored_words(p) for p in stored.values() if p["kind"] == "text"
            }
            words |= {t.product.product_id: stored_words(payload_of(t)) for t in texts}
            self._upsert([(image, _newest_words(payload_of(image), words)) for image in images])
            self._set_words(words)
            self._upsert([(text, payload_of(text)) for text in texts])
            self._flush_sometimes(len(images) + len(texts))

    def _stored(self, records: Sequence[ImageRecord | TextRecord]) -> dict[str, Payload]:
        """The payloads of these points, and of the texts of their products, by id."""
        ids = {record.ref.point_id for record in records}
        ids |= {PointRef(record.product.product_id).point_id for record in records}
        return dict(self._retrieve(list(ids), None)) if ids else {}

    def _upsert(self, points: Sequence[tuple[ImageRecord | TextRecord, Payload]]) -> None:
        if points:
            made = [
                edge.Point(r.ref.point_id, _DIALECT.vectors(r), payload) for r, payload in points
            ]
            self._update(edge.UpdateOperation.upsert_points(made))

    def _set_words(self, words: Mapping[str, Payload]) -> None:
        """On every picture of these products that carries older ones."""
        behind: dict[str, list[Any]] = {}
        if words:
            where = self._dialect.of_products(list(words), self._dialect.equals("kind", "image"))
            for point_id, payload in self._scroll_all(where, ["product_id", "text_version"]):
                product_id = payload["product_id"]
                if payload["text_version"] < words[product_id]["text_version"]:
                    behind.setdefault(product_id, []).append(point_id)
        for product_id, ids in behind.items():
            self._update(edge.UpdateOperation.set_payload(ids, words[product_id]))

    def join_group(self, group: str, refs: Sequence[PointRef]) -> None:
        with self._writing:  # the engine refuses an id that is not there
            there: list[Any] = [i for i, _ in self._retrieve([r.point_id for r in refs], [])]
            self._update(edge.UpdateOperation.set_payload(there, {GROUP: group}))

    def delete(self, refs: Sequence[PointRef]) -> None:
        if refs:
            with self._writing:
                ids: list[Any] = [ref.point_id for ref in refs]
                self._update(edge.UpdateOperation.delete_points(ids))

    def delete_product(self, product_id: str) -> None:
        with self._writing:
            of_product = self._dialect.of_products([product_id])
            self._update(edge.UpdateOperation.delete_points_by_filter(of_product))

    def ping(self) -> None:
        with translated():
            self._shard.get().info()

    def close(self) -> None:
        with self._writing:
            self._shard.close()

    def _search(
        self, queries: Sequence[Sought], limit: int, where: Any
    ) -> list[list[tuple[float, Payload]]]:
        requests = [
            edge.QueryRequest(
                limit=limit,
                query=edge.Query.Nearest(_DIALECT.vector(query.vector), using=query.using),
                filter=where,
                with_payload=True,
            )
            for query in queries
        ]
        with translated():
            found = self._shard.get().query_batch(edge.QueryBatchRequest(requests))
        return [[(point.score, point.payload or {}) for point in of_query] for of_query in found]

    def _retrieve(self, ids: Sequence[str], keys: Keys) -> Points:
        wanted = True if keys is None else list(keys)
        with translated():
            found = self._shard.get().retrieve(list(ids), wanted, False)
        return [(str(record.id), record.payload or {}) for record in found]

    def _retrieve_vectors(self, ids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        with translated():
            found = self._shard.get().retrieve(list(ids), False, True)
        for record in found:
            yield str(record.id), record.vector if isinstance(record.vector, dict) else {}

    def _scroll(
        self, where: Any, limit: int, start: str | None, keys: Keys
    ) -> tuple[Points, str | None]:
        wanted = True if keys is None else list(keys)
        request = edge.ScrollRequest(offset=start, limit=limit, filter=where, with_payload=wanted)
        with translated():
            records, following = self._shard.get().scroll(request)
        found = [(str(record.id), record.payload or {}) for record in records]
        return found, None if following is None else str(following)

    def _count_by(self, key: str, where: Any, limit: int) -> list[tuple[Any, int]]:
        request = edge.FacetRequest(key, limit, True, where)
        with translated():
            found = self._shard.get().facet(request)
        return [(hit.value, hit.count) for hit in found.hits]

    def _scroll_by(
        self, order: Order, where: Any, limit: int, start: float | None
    ) -> list[OrderedPoint]:
        direction = edge.Direction.Desc if order.falling else edge.Direction.Asc
        is_date = order.kind == "date"
        start_from = start if start is None or not is_date else position_to_date(start).isoformat()
        by = edge.OrderBy(metadata_key(order.field), direction, start_from)
        request = edge.ScrollRequest(limit=limit, filter=where, with_payload=True, order_by=by)
        with translated():
            records, _ = self._shard.get().scroll(request)
        return [ordered_point(record) for record in records]

    def _update(self, operation: Any) -> None:
        with translated():
            self._shard.get().update(operation)

    def _flush_sometimes(self, written: int) -> None:
        self._unflushed += written
        if self._unflushed >= FLUSH_EVERY:
            self._unflushed = 0
            with translated():
                self._shard.get().flush()


def _is_older(record: ImageRecord | TextRecord, stored: Mapping[str, Payload]) -> bool:
    held = stored.get(record.ref.point_id)
    return held is not None and held["source_version"] > record.source.version


def _newest_words(image: Payload, words: Mapping[str, Payload]) -> Payload:
    stored = words.get(image["product_id"])
    if stored is None or stored["text_version"] <= image["text_version"]:
        return image
    return image | stored
