"""The search engine: one collection of points, and the alias that leads to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from shared_code.domain.filters import Filter
    from shared_code.domain.ports.paging import Page
    from shared_code.domain.products import (
        Counts,
        Hit,
        ImageRecord,
        ImageRef,
        Kind,
        PointRef,
        Product,
        Source,
        TextRecord,
        Vector,
    )
    from shared_code.domain.sorting import Order


@dataclass(frozen=True, slots=True, eq=False)
class VectorQuery:
    """Nearest points of one kind to one vector."""

    kind: Kind
    vector: Vector


@dataclass(frozen=True, slots=True)
class WordQuery:
    """Text points that share words with the text, best first by BM25: no model is asked."""

    text: str


class ProductIndex(Protocol):
    """One collection of points: one per picture, one per product's text.

    A picture may be written before its product's text and the other way round; two
    writers may race. Versions decide: see ``write``.
    """

    @property
    def collection(self) -> str:
        """The collection's name: the alias and the model's fingerprint."""

    def write(self, images: Sequence[ImageRecord], texts: Sequence[TextRecord]) -> None:
        """Writes points and returns once they are visible to searches.

        A point whose stored version is higher than the record's is left as it is; an equal
        one is overwritten. After the call every image point of each product named carries
        the newest stored words of that product (compared by ``text_version``).
        """

    def delete(self, refs: Sequence[PointRef]) -> None:
        """Removes these points; an absent one is no error."""

    def delete_product(self, product_id: str) -> None:
        """Removes every point of the product."""

    def sources(self, refs: Sequence[PointRef]) -> dict[PointRef, Source]:
        """What each of these points was made from; absent points are left out."""

    def nearest(
        self,
        queries: Sequence[VectorQuery | WordQuery],
        *,
        limit: int,
        where: Filter | None = None,
    ) -> list[list[Hit]]:
        """For each query up to ``limit`` points, best first, in one round trip."""

    def vectors(self, refs: Sequence[PointRef]) -> dict[PointRef, Vector]:
        """What these points were embedded as; those that are absent or have none are left out."""

    def images_of(self, product_ids: Sequence[str]) -> dict[str, tuple[ImageRef, ...]]:
        """The pictures of each product, ordered by key; products without any are left out."""

    def join_group(self, group: str, refs: Sequence[PointRef]) -> None:
        """Puts these pictures into a group of nearly the same ones; absent points are no error."""

    def groups(self, groups: Collection[str]) -> dict[str, frozenset[str]]:
        """The ids of the products that have a picture in each group."""

    def product(self, product_id: str) -> Product | None: ...

    def products(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        where: Filter | None = None,
        order: Order | None = None,
    ) -> Page[Product]:
        """All products, or those that the filter lets through, in an order that writes do not
        change; or by a field, those without it last. Raises Unprocessable for a cursor not its
        own."""

    def facet(
        self, field: str, *, limit: int, where: Filter | None = None
    ) -> list[tuple[str | bool, int]]:
        """Values of a keyword or bool field, each with the number of products that have it; the
        most frequent first, of equal ones in order."""

    def extremes(self, field: str, *, where: Filter | None = None) -> tuple[Any, Any] | None:
        """The lowest and the highest value of a number or date field; None without any."""

    def matching(self, where: Filter | None) -> int:
        """How many products the filter lets through."""

    def points(self, *, limit: int, cursor: str | None = None) -> Page[PointRef]:
        """Every point, in an order of the index's own that writes and deletes do not change.

        Raises Unprocessable for a cursor not its own.
        """

    def counts(self) -> Counts: ...

    def ping(self) -> None:
        """Raises Unavailable unless the index answers now."""

    def close(self) -> None:
        """Flushes and releases everything; the index is not used afterwards."""


class Collections(Protocol):
    """All collections of one alias; each holds the vectors of another model."""

    def serving(self) -> str | None:
        """Where the alias leads; None before there is one. Raises Unavailable."""

    def names(self) -> list[str]:
        """In order, the one that serves included. Raises Unavailable."""

    def serve(self, name: str) -> None:
        """Leads the alias there, in one step: no reader finds it leading nowhere."""

    def drop(self, name: str) -> None:
        """With all its points; one that is gone is no error. Raises Unavailable for one in use."""
