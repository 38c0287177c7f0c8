"""The ProductIndex port on a Qdrant server, over REST: what is deployed.

It writes, and sends the requests of the reads, which ``shared_code/adapters/qdrant/index.py`` has
for both engines.

Importing qdrant-client takes most of a second, so only the composition root imports this
module, and only when it is needed. The collection is made on first use.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qdrant_client import QdrantClient, models

from shared_code.adapters.breaker import CircuitBreaker
from shared_code.adapters.qdrant.cloud.collection import Setup
from shared_code.adapters.qdrant.cloud.link import QdrantLink
from shared_code.adapters.qdrant.filters import Dialect
from shared_code.adapters.qdrant.index import Keys, Points, QdrantIndex, Sought
from shared_code.adapters.qdrant.ordered import OrderedPoint, ordered_point
from shared_code.adapters.qdrant.points import (
    GROUP,
    LEXICAL,
    WORDS_KEYS,
    CollectionSpec,
    Payload,
    metadata_key,
    newest,
    payload_of,
    stored_words,
    words_payload,
)
from shared_code.domain.products import ImageRecord, PointRef, TextRecord
from shared_code.domain.sorting import position_to_date

if TYPE_CHECKING:
    from shared_code.domain.sorting import Order

OPERATIONS_PER_REQUEST = 100
"""At 512 dimensions about 1 MB of JSON: far below the server's 32 MB, and soon answered."""

OVERSAMPLING = 2.0
"""With int8 vectors: twice as many points are found by them, then ranked by the full ones."""

# one writer at a time for a point, also on a cluster where it has several replicas
_ORDERING = models.WriteOrdering.MEDIUM

_DIALECT = Dialect(
    filter=models.Filter,
    condition=models.FieldCondition,
    any_of=models.MatchAny,
    range=models.Range,
    flag=lambda value: models.MatchValue(value=value),
    dates=models.DatetimeRange,
    sparse=models.SparseVector,
)


class QdrantCloudIndex(QdrantIndex):
    """``connect`` makes the client, on first use; ``pause`` waits between two attempts; the
    breaker keeps callers from asking a server that has just failed."""

    def __init__(
        self,
        connect: Callable[[], QdrantClient],
        spec: CollectionSpec,
        *,
        pause: Callable[[float], None] = time.sleep,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        super().__init__(spec, _DIALECT)
        self._link = QdrantLink(
            connect,
            lambda client, call: Setup(client, spec, call).run(),
            pause,
            breaker or CircuitBreaker("Qdrant"),
        )

    def write(self, images: Sequence[ImageRecord], texts: Sequence[TextRecord]) -> None:
        """Two requests; a third when the stored words are newer than those given.

        Words are set after their text is stored, and looked up after the pictures are: of
        two writers that race, the later one sees what the other has left behind.
        """
        images, texts = newest(images), newest(texts)
        operations: list[Any] = [self._upsert(image) for image in images]
        for text in texts:
            words = words_payload(text.product, text.source.version)
            operations += [self._upsert(text), self._set_words(text.product.product_id, words)]
        self._update(operations)
        given = [(image.product.product_id, image.text_version) for image in images]
        given += [(text.product.product_id, text.source.version) for text in texts]
        self._catch_up(given)

    def _catch_up(self, given: Sequence[tuple[str, int]]) -> None:
        """``given``: product id and version of the words that were just written."""
        ids = {PointRef(product_id).point_id for product_id, _ in given}
        keys = ["product_id", *WORDS_KEYS]
        stored = {p["product_id"]: p for _, p in self._retrieve(list(ids), keys)} if ids else {}
        behind = {
            product_id
            for product_id, version in given
            if product_id in stored and version < stored[product_id]["text_version"]
        }
        self._update([self._set_words(p, stored_words(stored[p])) for p in sorted(behind)])

    def _upsert(self, record: ImageRecord | TextRecord) -> models.UpsertOperation:
        """Inserts the point, or replaces one that is not newer."""
        point = models.PointStruct(
            id=record.ref.point_id, vector=_DIALECT.vectors(record), payload=payload_of(record)
        )
        not_newer = _DIALECT.both(_DIALECT.at_most("source_version", record.source.version))
        points = models.PointsList(points=[point], update_filter=not_newer)
        return models.UpsertOperation(upsert=points)

    def _set_words(self, product_id: str, words: Payload) -> models.SetPayloadOperation:
        """Sets them on those of the product's pictures that carry older ones."""
        older = [
            _DIALECT.equals("kind", "image"),
            _DIALECT.below("text_version", words["text_version"]),
        ]
        where = _DIALECT.of_products([product_id], *older)
        return models.SetPayloadOperation(
            set_payload=models.SetPayload(payload=words, filter=where)
        )

    def _update(self, operations: Sequence[Any]) -> None:
        for start in range(0, len(operations), OPERATIONS_PER_REQUEST):
            self._update_at_once(operations[start : start + OPERATIONS_PER_REQUEST])

    def _update_at_once(self, operations: Sequence[Any]) -> None:
        self._link.call(
            lambda client: client.batch_update_points(
                self.collection, operations, wait=True, ordering=_ORDERING
            )
        )

    def join_group(self, group: str, refs: Sequence[PointRef]) -> None:
        # by a filter: the engine refuses a list with an id that is not there
        those = models.HasIdCondition(has_id=[ref.point_id for ref in refs])
        joined = models.SetPayload(payload={GROUP: group}, filter=_DIALECT.both(those))
        self._update([models.SetPayloadOperation(set_payload=joined)])

    def delete(self, refs: Sequence[PointRef]) -> None:
        if refs:
            self._delete(models.PointIdsList(points=[ref.point_id for ref in refs]))

    def delete_product(self, product_id: str) -> None:
        self._delete(models.FilterSelector(filter=_DIALECT.of_products([product_id])))

    def _delete(self, points: models.PointIdsList | models.FilterSelector) -> None:
        self._link.call(lambda c: c.delete(self.collection, points, wait=True, ordering=_ORDERING))

    def ping(self) -> None:
        self._link.call(lambda client: client.collection_exists(self.collection))

    def close(self) -> None:
        self._link.close()

    def _search(
        self, queries: Sequence[Sought], limit: int, where: Any
    ) -> list[list[tuple[float, Payload]]]:
        requests = [
            models.QueryRequest(
                query=_DIALECT.vector(query.vector),
                using=query.using,
                limit=limit,
                filter=where,
                params=None if query.using == LEXICAL else self._search_params,
                with_payload=True,
            )
            for query in queries
        ]
        found = self._link.call(lambda client: client.query_batch_points(self.collection, requests))
        return [[(point.score, point.payload or {}) for point in one.points] for one in found]

    @property
    def _search_params(self) -> models.SearchParams | None:
        if self._spec.layout.int8 is False:
            return None  # where it is not known it is asked for: full vectors do not heed it
        rescore = models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
        return models.SearchParams(quantization=rescore)

    def _retrieve(self, ids: Sequence[str], keys: Keys) -> Points:
        wanted = True if keys is None else list(keys)
        found = self._link.call(lambda c: c.retrieve(self.collection, ids, with_payload=wanted))
        return [(str(record.id), record.payload or {}) for record in found]

    def _retrieve_vectors(self, ids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        found = self._link.call(
            lambda c: c.retrieve(self.collection, ids, with_payload=False, with_vectors=True)
        )
        for record in found:
            yield str(record.id), record.vector if isinstance(record.vector, dict) else {}

    def _scroll(
        self, where: Any, limit: int, start: str | None, keys: Keys
    ) -> tuple[Points, str | None]:
        wanted = True if keys is None else list(keys)
        records, following = self._link.call(
            lambda client: client.scroll(
                self.collection, where, limit=limit, offset=start, with_payload=wanted
            )
        )
        found = [(str(record.id), record.payload or {}) for record in records]
        return found, None if following is None else str(following)

    def _count_by(self, key: str, where: Any, limit: int) -> list[tuple[Any, int]]:
        found = self._link.call(
            lambda client: client.facet(
                self.collection, key, facet_filter=where, limit=limit, exact=True
            )
        )
        return [(hit.value, hit.count) for hit in found.hits]

    def _scroll_by(
        self, order: Order, where: Any, limit: int, start: float | None
    ) -> list[OrderedPoint]:
        is_date = order.kind == "date"
        by = models.OrderBy(
            key=metadata_key(order.field),
            direction=models.Direction.DESC if order.falling else models.Direction.ASC,
            start_from=start if start is None or not is_date else position_to_date(start),
        )
        records, _ = self._link.call(
            lambda c: c.scroll(self.collection, where, limit=limit, with_payload=True, order_by=by)
        )
        return [ordered_point(record) for record in records]
