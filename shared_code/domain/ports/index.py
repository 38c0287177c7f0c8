"""The search engine: one collection of points, and the alias that leads to it.

``shared_code/adapters/qdrant/index.py`` reads, on a server as well as embedded; the two engines'
own files beside it write.
"""

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
        PointRevision,
        Product,
        TextRecord,
        Vector,
    )
    from shared_code.domain.sorting import Order


@dataclass(frozen=True, slots=True, eq=False)
class VectorQuery:
    """Asks for the points of one kind that are nearest to a vector."""

    kind: Kind
    vector: Vector


@dataclass(frozen=True, slots=True)
class WordQuery:
    """Asks for the text points that share words with a text, ranked by BM25; needs no model."""

    text: str


class ProductIndex(Protocol):
    """One collection of points: one for each picture, one for each product's text.

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

    def sources(self, refs: Sequence[PointRef]) -> dict[PointRef, PointRevision]:
        """Returns the revision that each of these points was made from; absent ones are left
        out."""

    def nearest(
        self,
        queries: Sequence[VectorQuery | WordQuery],
        *,
        limit: int,
        where: Filter | None = None,
    ) -> list[list[Hit]]:
        """Returns up to ``limit`` points for each query, best first, in one round trip."""

    def vectors(self, refs: Sequence[PointRef]) -> dict[PointRef, Vector]:
        """Returns the vectors of these points; points that are absent or have none are left out."""

    def images_of(self, product_ids: Sequence[str]) -> dict[str, tuple[ImageRef, ...]]:
        """Returns the pictures of each product, ordered by key; products without any are left
        out."""

    def join_group(self, group: str, refs: Sequence[PointRef]) -> None:
        """Puts these pictures into a group of nearly the same ones; absent points are no error."""

    def groups(self, groups: Collection[str]) -> dict[str, frozenset[str]]:
        """Returns the ids of the products that have a picture in each group."""

    def product(self, product_id: str) -> Product | None: ...

    def products(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        where: Filter | None = None,
        order: Order | None = None,
    ) -> Page[Product]:
        """Returns all products, or those that match the filter, in an order that writes do not
        change; or sorted by a field, those without it last. Raises Unprocessable for a cursor
        that is not its own."""

    def facet(
        self, field: str, *, limit: int, where: Filter | None = None
    ) -> list[tuple[str | bool, int]]:
        """Returns the values of a keyword or bool field, each with the number of products that have
        it: the most frequent first, equally frequent ones in order."""

    def extremes(self, field: str, *, where: Filter | None = None) -> tuple[Any, Any] | None:
        """Returns the lowest and the highest value of a number or date field; None without any."""

    def matching(self, where: Filter | None) -> int:
        """Returns how many products match the filter."""

    def points(self, *, limit: int, cursor: str | None = None) -> Page[PointRef]:
        """Returns every point, in an order of its own that writes and deletes do not change.

        Raises Unprocessable for a cursor that is not its own.
        """

    def counts(self) -> Counts: ...

    def ping(self) -> None:
        """Raises Unavailable unless the index answers now."""

    def close(self) -> None:
        """Flushes and releases everything; the index is not used afterwards."""


class Collections(Protocol):
    """All collections of one alias; each holds the vectors of another model."""

    def serving(self) -> str | None:
        """Returns the collection that the alias leads to; None before there is one. Raises
        Unavailable."""

    def names(self) -> list[str]:
        """Returns all collections in order, the one that serves included. Raises Unavailable."""

    def serve(self, name: str) -> None:
        """Leads the alias there in one step, so that it never leads nowhere."""

    def drop(self, name: str) -> None:
        """Deletes a collection with all its points; one that is gone is no error. Raises
        Unavailable for one in use."""
