"""An index in dictionaries, searched by brute force."""

import base64
import json
import math
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from shared_code.adapters.qdrant.lexical import document_vector, query_vector
from shared_code.domain.dates import parse_instant
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import AllOf, AnyOf, During, Filter, Not, OneOf, Range
from shared_code.domain.ports import Page, VectorQuery, WordQuery
from shared_code.domain.products import (
    Counts,
    Hit,
    ImageRecord,
    ImageRef,
    PointRef,
    PointRevision,
    Product,
    ProductText,
    TextRecord,
)
from shared_code.domain.sorting import Order


class MemoryIndex:
    def __init__(self, collection: str = "memory__000000000000") -> None:
        self.collection = collection
        self._points: dict[PointRef, ImageRecord | TextRecord] = {}
        self._lock = threading.RLock()

    def write(self, images: Sequence[ImageRecord], texts: Sequence[TextRecord]) -> None:
        with self._lock:
            for record in [*images, *texts]:
                held = self._points.get(record.ref)
                if held is None or held.source.version <= record.source.version:
                    self._points[record.ref] = record
            for product_id in {record.product.product_id for record in [*images, *texts]}:
                self._spread_words(product_id)

    def _spread_words(self, product_id: str) -> None:
        text = self._points.get(PointRef(product_id))
        for image in list(self._of("image", [product_id])) if text else []:
            if image.text_version < text.source.version:
                self._points[image.ref] = replace(
                    image, product=text.product, text_version=text.source.version
                )

    def delete(self, refs: Sequence[PointRef]) -> None:
        with self._lock:
            for ref in refs:
                self._points.pop(ref, None)

    def delete_product(self, product_id: str) -> None:
        with self._lock:
            self.delete([ref for ref in self._points if ref.product_id == product_id])

    def sources(self, refs: Sequence[PointRef]) -> dict[PointRef, PointRevision]:
        found = {ref: self._points[ref] for ref in refs if ref in self._points}
        return {r: replace(p.source, words_etag=p.product.etag) for r, p in found.items()}

    def nearest(
        self,
        queries: Sequence[VectorQuery | WordQuery],
        *,
        limit: int,
        where: Filter | None = None,
    ) -> list[list[Hit]]:
        with self._lock:
            return [
                self._by_words(query.text, limit, where)
                if isinstance(query, WordQuery)
                else self._nearest(query, limit, where)
                for query in queries
            ]

    def _by_words(self, text: str, limit: int, where: Filter | None) -> list[Hit]:
        texts = list(self._of("text"))
        weights = {r.ref: dict(zip(*document_vector(r.product), strict=True)) for r in texts}
        wanted = query_vector(text).indices
        holding = {term: sum(term in of_one for of_one in weights.values()) for term in wanted}
        idf = {t: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for t, n in holding.items()}
        hits = [
            Hit(r.product, "text", sum(weights[r.ref].get(term, 0) * idf[term] for term in wanted))
            for r in texts
            if where is None or holds(where, r.product.metadata)
        ]
        return sorted((hit for hit in hits if hit.score > 0), key=lambda hit: -hit.score)[:limit]

    def vectors(self, refs: Sequence[PointRef]) -> dict[PointRef, Any]:
        found = {ref: self._points[ref].vector for ref in refs if ref in self._points}
        return {ref: vector for ref, vector in found.items() if vector is not None}

    def _nearest(self, query: VectorQuery, limit: int, where: Filter | None) -> list[Hit]:
        hits = [
            Hit(r.product, query.kind, float(np.dot(r.vector, query.vector)), _image(r))
            for r in self._of(query.kind)
            if r.vector is not None and (where is None or holds(where, r.product.metadata))
        ]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def images_of(self, product_ids: Sequence[str]) -> dict[str, tuple[ImageRef, ...]]:
        found: dict[str, list[ImageRef]] = {}
        with self._lock:
            for record in self._of("image", product_ids):
                found.setdefault(record.product.product_id, []).append(record.image)
        return {p: tuple(sorted(of_p, key=lambda i: i.key)) for p, of_p in found.items()}

    def join_group(self, group: str, refs: Sequence[PointRef]) -> None:
        with self._lock:
            for ref in refs:
                if ref in self._points:
                    held = self._points[ref]
                    self._points[ref] = replace(held, image=replace(held.image, group=group))

    def groups(self, groups: Collection[str]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for record in self._of("image"):
            if record.image.group and record.image.group in groups:
                found.setdefault(record.image.group, set()).add(record.product.product_id)
        return {group: frozenset(ids) for group, ids in found.items()}

    def product(self, product_id: str) -> Product | None:
        with self._lock:
            text = self._points.get(PointRef(product_id))
            images = self.images_of([product_id]).get(product_id, ())
            return Product(text.product, images) if text else None

    def matching(self, where: Filter | None) -> int:
        return len(self._texts(where))

    def facet(
        self, field: str, *, limit: int, where: Filter | None = None
    ) -> list[tuple[Any, int]]:
        counts: Counter[Any] = Counter()
        for record in self._texts(where):
            counts.update({v for v in _values(record, field) if isinstance(v, str | bool)})
        return sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))[:limit]

    def extremes(self, field: str, *, where: Filter | None = None) -> tuple[Any, Any] | None:
        found = [
            v for r in self._texts(where) for v in _values(r, field) if _orderable(v) is not None
        ]
        return (min(found, key=_orderable), max(found, key=_orderable)) if found else None

    def _texts(self, where: Filter | None) -> list[Any]:
        return [r for r in self._of("text") if where is None or holds(where, r.product.metadata)]

    def products(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        where: Filter | None = None,
        order: Order | None = None,
    ) -> Page[Product]:
        def place(text: ProductText) -> list[Any]:
            return [str(order), order and order.key(text.metadata), text.product_id]

        after = None if cursor is None else _place(cursor, str(order))
        with self._lock:
            places = sorted(place(r.product) for r in self._texts(where))
            places = [each for each in places if after is None or each > after]
            found = [self.product(product_id) for *_, product_id in places[:limit]]
        more = _encoded(json.dumps(places[limit - 1])) if len(places) > limit else None
        return Page(tuple(filter(None, found)), more)

    def points(self, *, limit: int, cursor: str | None = None) -> Page[PointRef]:
        after = "" if cursor is None else _decoded(cursor)
        with self._lock:
            found = sorted((ref.point_id, ref) for ref in self._points if ref.point_id > after)
        more = _encoded(found[limit - 1][0]) if len(found) > limit else None
        return Page(tuple(ref for _, ref in found[:limit]), more)

    def counts(self) -> Counts:
        return Counts(len(list(self._of("text"))), len(list(self._of("image"))))

    def ping(self) -> None:
        """Always there."""

    def close(self) -> None:
        """Nothing to release."""

    def _of(self, kind: str, product_ids: Sequence[str] | None = None) -> Iterator[Any]:
        for ref, record in list(self._points.items()):
            if ref.kind == kind and (product_ids is None or ref.product_id in product_ids):
                yield record


def _values(record: Any, field: str) -> list[Any]:
    value = record.product.metadata.get(field)
    return value if isinstance(value, list) else [value]


def _orderable(value: Any) -> float | None:
    found = parse_instant(value)
    if found is not None:
        return found.timestamp()
    return value if _sort(value) == "number" else None


def _image(record: ImageRecord | TextRecord) -> ImageRef | None:
    return record.image if isinstance(record, ImageRecord) else None


def _encoded(product_id: str) -> str:
    return base64.urlsafe_b64encode(b"\x01" + product_id.encode()).decode()


def _place(cursor: str, order: str) -> list[Any]:
    try:
        of_order, key, product_id = json.loads(_decoded(cursor))
    except ValueError:
        of_order, key, product_id = None, None, ""
    if of_order != order:
        raise Unprocessable("cursor: not one that this listing gave")
    return [of_order, key and tuple(key), product_id]


def _decoded(cursor: str) -> str:
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
        if raw.startswith(b"\x01"):
            return raw[1:].decode()
    except ValueError:
        pass
    raise Unprocessable("cursor: not one that this listing gave")


def holds(where: Filter, metadata: Any) -> bool:
    """The meaning of a filter, in plain Python."""
    if isinstance(where, AllOf):
        return all(holds(inner, metadata) for inner in where.inner)
    if isinstance(where, OneOf):
        return any(holds(inner, metadata) for inner in where.inner)
    if isinstance(where, Not):
        return not holds(where.inner, metadata)
    stored = metadata.get(where.field)
    values = stored if isinstance(stored, list) else [stored]
    return any(_fits(where, value) for value in values)


def _fits(where: AnyOf | Range | During, value: Any) -> bool:
    if isinstance(where, AnyOf):
        return any(_sort(value) == _sort(w) and value == w for w in where.values)
    if isinstance(where, During):
        value = parse_instant(value)
        if value is None:
            return False
    elif _sort(value) != "number":
        return False
    return (
        (where.gt is None or value > where.gt)
        and (where.gte is None or value >= where.gte)
        and (where.lt is None or value < where.lt)
        and (where.lte is None or value <= where.lte)
    )


def _sort(value: Any) -> str:
    """5 and 5.0 are one, 1 and True are not."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__
