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
                stored = self._points.get(record.ref)
                if stored is None or stored.source.version <= record.source.version:
                    self._points[record.ref] = record
            for product_id in {record.product.product_id for record in [*images, *texts]}:
                self._spread_words(product_id)

    def _spread_words(self, product_id: str) -> None:
        text = self._points.get(PointRef(product_id))
        for image in list(self._iterate("image", [product_id])) if text else []:
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
        records = {ref: self._points[ref] for ref in refs if ref in self._points}
        return {r: replace(p.source, words_etag=p.product.etag) for r, p in records.items()}

    def nearest(
        self,
        queries: Sequence[VectorQuery | WordQuery],
        *,
        limit: int,
        where: Filter | None = None,
    ) -> list[list[Hit]]:
        with self._lock:
            return [
                self._search_words(query.text, limit, where)
                if isinstance(query, WordQuery)
                else self._search_vectors(query, limit, where)
                for query in queries
            ]

    def _search_words(self, text: str, limit: int, where: Filter | None) -> list[Hit]:
        texts = list(self._iterate("text"))
        weights = {r.ref: dict(zip(*document_vector(r.product), strict=True)) for r in texts}
        terms = query_vector(text).indices
        document_counts = {
            term: sum(term in document for document in weights.values()) for term in terms
        }
        idf = {
            t: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for t, n in document_counts.items()
        }
        hits = [
            Hit(r.product, "text", sum(weights[r.ref].get(term, 0) * idf[term] for term in terms))
            for r in texts
            if where is None or passes_filter(where, r.product.metadata)
        ]
        return sorted((hit for hit in hits if hit.score > 0), key=lambda hit: -hit.score)[:limit]

    def vectors(self, refs: Sequence[PointRef]) -> dict[PointRef, Any]:
        vectors = {ref: self._points[ref].vector for ref in refs if ref in self._points}
        return {ref: vector for ref, vector in vectors.items() if vector is not None}

    def _search_vectors(self, query: VectorQuery, limit: int, where: Filter | None) -> list[Hit]:
        hits = [
            Hit(r.product, query.kind, float(np.dot(r.vector, query.vector)), _get_image(r))
            for r in self._iterate(query.kind)
            if r.vector is not None and (where is None or passes_filter(where, r.product.metadata))
        ]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def images_of(self, product_ids: Sequence[str]) -> dict[str, tuple[ImageRef, ...]]:
        images: dict[str, list[ImageRef]] = {}
        with self._lock:
            for record in self._iterate("image", product_ids):
                images.setdefault(record.product.product_id, []).append(record.image)
        return {
            p: tuple(sorted(product_images, key=lambda i: i.key))
            for p, product_images in images.items()
        }

    def join_group(self, group: str, refs: Sequence[PointRef]) -> None:
        with self._lock:
            for ref in refs:
                if ref in self._points:
                    record = self._points[ref]
                    self._points[ref] = replace(record, image=replace(record.image, group=group))

    def groups(self, groups: Collection[str]) -> dict[str, frozenset[str]]:
        product_ids: dict[str, set[str]] = {}
        for record in self._iterate("image"):
            if record.image.group and record.image.group in groups:
                product_ids.setdefault(record.image.group, set()).add(record.product.product_id)
        return {group: frozenset(ids) for group, ids in product_ids.items()}

    def product(self, product_id: str) -> Product | None:
        with self._lock:
            text = self._points.get(PointRef(product_id))
            images = self.images_of([product_id]).get(product_id, ())
            return Product(text.product, images) if text else None

    def matching(self, where: Filter | None) -> int:
        return len(self._list_texts(where))

    def facet(
        self, field: str, *, limit: int, where: Filter | None = None
    ) -> list[tuple[Any, int]]:
        counts: Counter[Any] = Counter()
        for record in self._list_texts(where):
            counts.update({v for v in _get_values(record, field) if isinstance(v, str | bool)})
        return sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))[:limit]

    def extremes(self, field: str, *, where: Filter | None = None) -> tuple[Any, Any] | None:
        values = [
            v
            for r in self._list_texts(where)
            for v in _get_values(r, field)
            if _to_comparable(v) is not None
        ]
        return (
            (min(values, key=_to_comparable), max(values, key=_to_comparable)) if values else None
        )

    def _list_texts(self, where: Filter | None) -> list[Any]:
        return [
            r
            for r in self._iterate("text")
            if where is None or passes_filter(where, r.product.metadata)
        ]

    def products(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        where: Filter | None = None,
        order: Order | None = None,
    ) -> Page[Product]:
        def sort_key(text: ProductText) -> list[Any]:
            return [str(order), order and order.key(text.metadata), text.product_id]

        last_key = None if cursor is None else _parse_sort_key(cursor, str(order))
        with self._lock:
            keys = sorted(sort_key(r.product) for r in self._list_texts(where))
            keys = [key for key in keys if last_key is None or key > last_key]
            products = [self.product(product_id) for *_, product_id in keys[:limit]]
        next_cursor = _encode_cursor(json.dumps(keys[limit - 1])) if len(keys) > limit else None
        return Page(tuple(filter(None, products)), next_cursor)

    def points(self, *, limit: int, cursor: str | None = None) -> Page[PointRef]:
        after = "" if cursor is None else _decode_cursor(cursor)
        with self._lock:
            refs = sorted((ref.point_id, ref) for ref in self._points if ref.point_id > after)
        next_cursor = _encode_cursor(refs[limit - 1][0]) if len(refs) > limit else None
        return Page(tuple(ref for _, ref in refs[:limit]), next_cursor)

    def counts(self) -> Counts:
        return Counts(len(list(self._iterate("text"))), len(list(self._iterate("image"))))

    def ping(self) -> None:
        """Always there."""

    def close(self) -> None:
        """Nothing to release."""

    def _iterate(self, kind: str, product_ids: Sequence[str] | None = None) -> Iterator[Any]:
        for ref, record in list(self._points.items()):
            if ref.kind == kind and (product_ids is None or ref.product_id in product_ids):
                yield record


def _get_values(record: Any, field: str) -> list[Any]:
    value = record.product.metadata.get(field)
    return value if isinstance(value, list) else [value]


def _to_comparable(value: Any) -> float | None:
    instant = parse_instant(value)
    if instant is not None:
        return instant.timestamp()
    return value if _get_type_name(value) == "number" else None


def _get_image(record: ImageRecord | TextRecord) -> ImageRef | None:
    return record.image if isinstance(record, ImageRecord) else None


def _encode_cursor(product_id: str) -> str:
    return base64.urlsafe_b64encode(b"\x01" + product_id.encode()).decode()


def _parse_sort_key(cursor: str, order: str) -> list[Any]:
    try:
        cursor_order, key, product_id = json.loads(_decode_cursor(cursor))
    except ValueError:
        cursor_order, key, product_id = None, None, ""
    if cursor_order != order:
        raise Unprocessable("cursor: not one that this listing gave")
    return [cursor_order, key and tuple(key), product_id]


def _decode_cursor(cursor: str) -> str:
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
        if raw.startswith(b"\x01"):
            return raw[1:].decode()
    except ValueError:
        pass
    raise Unprocessable("cursor: not one that this listing gave")


def passes_filter(where: Filter, metadata: Any) -> bool:
    """Returns whether these metadata pass the filter, in plain Python."""
    if isinstance(where, AllOf):
        return all(passes_filter(inner, metadata) for inner in where.inner)
    if isinstance(where, OneOf):
        return any(passes_filter(inner, metadata) for inner in where.inner)
    if isinstance(where, Not):
        return not passes_filter(where.inner, metadata)
    stored = metadata.get(where.field)
    values = stored if isinstance(stored, list) else [stored]
    return any(_matches(where, value) for value in values)


def _matches(where: AnyOf | Range | During, value: Any) -> bool:
    if isinstance(where, AnyOf):
        return any(_get_type_name(value) == _get_type_name(w) and value == w for w in where.values)
    if isinstance(where, During):
        value = parse_instant(value)
        if value is None:
            return False
    elif _get_type_name(value) != "number":
        return False
    return (
        (where.gt is None or value > where.gt)
        and (where.gte is None or value >= where.gte)
        and (where.lt is None or value < where.lt)
        and (where.lte is None or value <= where.lte)
    )


def _get_type_name(value: Any) -> str:
    """Returns the type by which values are compared: 5 and 5.0 are equal, 1 and True are not."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__
