"""Reads of the ProductIndex port, the same for both Qdrant engines.

Each comes down to a few calls of the engine, which ``shared_code/adapters/qdrant/cloud/index.py``
and ``shared_code/adapters/qdrant/edge/index.py`` make; writing is theirs, too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from shared_code.adapters.qdrant.filters import Dialect
from shared_code.adapters.qdrant.lexical import SparseVector, query_vector
from shared_code.adapters.qdrant.ordered import OrderedListing, OrderedPoint
from shared_code.adapters.qdrant.points import (
    GROUP,
    KINDS,
    LEXICAL,
    CollectionSpec,
    Payload,
    decode_cursor,
    encode_cursor,
    hit_of,
    image_of,
    metadata_key,
    product_of,
    ref_of,
    source_of,
    unit,
)
from shared_code.domain.filters import AllOf
from shared_code.domain.ports import Page, VectorQuery, WordQuery
from shared_code.domain.products import Counts, Hit, ImageRef, PointRef, PointRevision, Product
from shared_code.domain.sorting import Order

if TYPE_CHECKING:
    from shared_code.domain.filters import Filter
    from shared_code.domain.products import Vector

Points: TypeAlias = list[tuple[str, Payload]]
"""Ids and payloads."""
Keys: TypeAlias = Sequence[str] | None
"""Which part of the payload is wanted; None: all of it."""

SCROLL_SIZE = 1000
"""Points per page of an internal listing: their payloads are about 1 KB each."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A query as the engines take it: which of the named vectors, and close to what."""

    using: str
    vector: list[float] | SparseVector | None
    """None finds nothing."""


class QdrantIndex(ABC):
    def __init__(self, spec: CollectionSpec, dialect: Dialect) -> None:
        self._spec = spec
        self._dialect = dialect

    @property
    def collection(self) -> str:
        return self._spec.name

    @abstractmethod
    def _search(
        self, queries: Sequence[Sought], limit: int, where: Any
    ) -> list[list[tuple[float, Payload]]]:
        """The engine's scores and payloads, best first, for each query."""

    @abstractmethod
    def _retrieve(self, ids: Sequence[str], keys: Keys) -> Points:
        """Those of the points that exist."""

    @abstractmethod
    def _retrieve_vectors(self, ids: Sequence[str]) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Those of the points that exist: ids, and vectors by name."""

    @abstractmethod
    def _scroll(
        self, where: Any, limit: int, start: str | None, keys: Keys
    ) -> tuple[Points, str | None]:
        """A page in the order of ids from ``start`` on, and where the next one starts."""

    @abstractmethod
    def _count_by(self, key: str, where: Any, limit: int) -> list[tuple[Any, int]]:
        """How many points hold each value of the key, exact; the most frequent values."""

    @abstractmethod
    def _scroll_by(
        self, order: Order, where: Any, limit: int, start: float | None
    ) -> list[OrderedPoint]:
        """The first points of an order, from a position on: positions, ids, payloads. A point
        comes once for each of its values."""

    def nearest(
        self,
        queries: Sequence[VectorQuery | WordQuery],
        *,
        limit: int,
        where: Filter | None = None,
    ) -> list[list[Hit]]:
        sought = list(map(_sought, queries))
        # the engine refuses an empty sparse vector, which finds nothing
        asked = [query for query in sought if query.vector]
        within = where and self._dialect.translated(where)
        found = iter(self._search(asked, limit, within) if asked else ())
        return [self._hits(query, next(found)) if query.vector else [] for query in sought]

    def _hits(self, query: Sought, found: Sequence[tuple[float, Payload]]) -> list[Hit]:
        if query.using == LEXICAL:
            return [hit_of(payload, score) for score, payload in found]
        return [hit_of(payload, self._spec.cosine(score)) for score, payload in found]

    def vectors(self, refs: Sequence[PointRef]) -> dict[PointRef, Vector]:
        by_id = {ref.point_id: ref for ref in refs}
        if not by_id:
            return {}
        found = self._retrieve_vectors(list(by_id))
        named = ((by_id[i], unit(vectors.get(by_id[i].kind))) for i, vectors in found)
        return {ref: vector for ref, vector in named if vector is not None}

    def sources(self, refs: Sequence[PointRef]) -> dict[PointRef, PointRevision]:
        by_id = {ref.point_id: ref for ref in refs}
        if not by_id:
            return {}
        found = self._retrieve(list(by_id), ["etag", "source_version", "words_etag"])
        return {by_id[point_id]: source_of(payload) for point_id, payload in found}

    def images_of(self, product_ids: Sequence[str]) -> dict[str, tuple[ImageRef, ...]]:
        if not product_ids:
            return {}
        pictures = self._dialect.equals("kind", "image")
        where = self._dialect.of_products(product_ids, pictures)
        found: dict[str, list[ImageRef]] = {}
        for _, payload in self._scroll_all(where, ["product_id", "image_key", "blob", GROUP]):
            found.setdefault(payload["product_id"], []).append(image_of(payload))
        return {product_id: _by_key(images) for product_id, images in found.items()}

    def groups(self, groups: Collection[str]) -> dict[str, frozenset[str]]:
        if not groups:
            return {}
        where = self._dialect.both(self._dialect.equals(GROUP, *groups))
        found: dict[str, set[str]] = {}
        for _, payload in self._scroll_all(where, ["product_id", GROUP]):
            found.setdefault(payload[GROUP], set()).add(payload["product_id"])
        return {group: frozenset(ids) for group, ids in found.items()}

    def product(self, product_id: str) -> Product | None:
        payloads = [p for _, p in self._scroll_all(self._dialect.of_products([product_id]))]
        texts = [product_of(payload) for payload in payloads if payload["kind"] == "text"]
        images = [image_of(payload) for payload in payloads if payload["kind"] == "image"]
        return Product(texts[0], _by_key(images)) if texts else None

    def products(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        where: Filter | None = None,
        order: Order | None = None,
    ) -> Page[Product]:
        if order is not None:
            payloads, following = self._ordered(order, where, limit + 1).page(limit, cursor)
        else:
            start = None if cursor is None else decode_cursor(cursor)
            points, start = self._scroll(self._texts(where), limit, start, None)
            payloads, following = [p for _, p in points], start and encode_cursor(start)
        images = self.images_of([payload["product_id"] for payload in payloads])
        items = (Product(product_of(p), images.get(p["product_id"], ())) for p in payloads)
        return Page(tuple(items), following)

    def _ordered(self, order: Order, where: Filter | None, size: int) -> OrderedListing:
        """``size``: how many products are asked for at a time."""

        def within(part: Filter | None) -> Any:
            return self._texts(AllOf((part, where)) if part and where else part or where)

        return OrderedListing(
            order,
            lambda part, start: self._scroll_all(within(part), start=start, size=size),
            lambda part, start, limit: self._scroll_by(order, within(part), limit or size, start),
        )

    def points(self, *, limit: int, cursor: str | None = None) -> Page[PointRef]:
        start = None if cursor is None else decode_cursor(cursor)
        points, following = self._scroll(None, limit, start, ["product_id", "image_key"])
        refs = tuple(ref_of(payload) for _, payload in points)
        return Page(refs, following and encode_cursor(following))

    def counts(self) -> Counts:
        found = dict(self._count_by("kind", None, len(KINDS)))
        images, texts = (found.get(kind, 0) for kind in KINDS)
        return Counts(products=texts, images=images)

    def matching(self, where: Filter | None) -> int:
        found: int = dict(self._count_by("kind", self._texts(where), 1)).get("text", 0)
        return found

    def facet(
        self, field: str, *, limit: int, where: Filter | None = None
    ) -> list[tuple[str | bool, int]]:
        found = self._count_by(metadata_key(field), self._texts(where), limit)
        return sorted(found, key=lambda pair: (-pair[1], str(pair[0])))

    def extremes(self, field: str, *, where: Filter | None = None) -> tuple[Any, Any] | None:
        kind = self._spec.fields[field]
        first, last = (
            self._ordered(Order(field, kind, falling), where, 1).first_value()
            for falling in (False, True)
        )
        return None if first is None or last is None else (first, last)

    def _texts(self, where: Filter | None) -> Any:
        """The points that stand for products, or those that the filter lets through."""
        texts = self._dialect.equals("kind", "text")
        return self._dialect.both(texts, *([self._dialect.translated(where)] if where else []))

    def _scroll_all(
        self, where: Any, keys: Keys = None, *, start: str | None = None, size: int = SCROLL_SIZE
    ) -> Iterator[tuple[str, Payload]]:
        while True:
            points, start = self._scroll(where, size, start, keys)
            yield from points
            if start is None:
                return


def _by_key(images: list[ImageRef]) -> tuple[ImageRef, ...]:
    return tuple(sorted(images, key=lambda image: image.key))


def _sought(query: VectorQuery | WordQuery) -> Sought:
    if isinstance(query, VectorQuery):
        return Sought(query.kind, query.vector.tolist())
    words = query_vector(query.text)
    return Sought(LEXICAL, words if words.indices else None)
