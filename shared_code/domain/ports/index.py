"""What the core needs from the world. Adapters implement these; tests bring twins.

Every method may raise ``errors.Unavailable`` when the technology behind it is down.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from shared_code.domain.filters import Filter
    from shared_code.domain.products import (
        Counts,
        Hit,
        ImageBytes,
        ImageRecord,
        ImageRef,
        Kind,
        ModelInfo,
        PointRef,
        Product,
        Region,
        Source,
        TextRecord,
        Vector,
        Vectors,
    )
    from shared_code.domain.sorting import Order

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a listing; ``cursor`` is opaque and None on the last page."""

    items: tuple[T, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A unit vector. ``windows`` > 1 says that the text was over the model's token limit: its parts
    were embedded one by one and averaged, so nothing of it was cut."""

    vector: Vector
    windows: int = 1


class Encoder(Protocol):
    """A dual encoder: pictures and words into one space of unit vectors."""

    @property
    def model(self) -> ModelInfo: ...

    def preload(self) -> None:
        """Begins to load what a text search needs, on a thread of its own; returns at once."""

    def ping(self) -> None:
        """Raises Misconfigured unless the model's files are whole; reads all of them."""

    def decode(self, picture: ImageBytes, region: Region | None = None) -> Any:
        """The picture, or a part of it, as the image tower takes it: a float32 array
        [3, height, width].

        Raises UnsupportedImage when the content is no accepted format, Unprocessable when
        it is one but cannot be decoded or has too many pixels.
        """

    def encode_images(self, pictures: Sequence[Any]) -> Vectors:
        """Embeds pictures that ``decode`` returned; [n, dimension]."""

    def normalise_query_vector(self, numbers: Sequence[float]) -> Vector:
        """Returns a vector that a caller sent, scaled to length 1.

        Raises Unprocessable unless it has the model's dimension and a direction.
        """

    def encode_texts(self, texts: Sequence[str]) -> list[Embedding]:
        """Embeds each text, in order. Raises Unprocessable for one without a single word."""


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


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A blob's current state. ``version`` is its last change, in microseconds since the epoch."""

    name: str
    etag: str
    version: int
    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Blob:
    info: BlobInfo
    data: bytes


class BlobStore(Protocol):
    """One container of blobs. Names are '/'-separated; one that escapes is Unprocessable."""

    def head(self, name: str) -> BlobInfo | None: ...

    def read(self, name: str) -> Blob | None: ...

    def read_range(self, name: str, start: int, length: int) -> Blob | None:
        """Up to ``length`` bytes from ``start`` on; fewer, or none, where the blob ends."""

    def write(self, name: str, data: bytes, *, content_type: str) -> BlobInfo:
        """Creates or replaces the blob whole: a reader never sees half of it."""

    def delete(self, name: str) -> bool:
        """True when there was something to delete."""

    def list(
        self, prefix: str = "", *, limit: int = 1000, cursor: str | None = None
    ) -> Page[BlobInfo]:
        """Blobs whose name starts with ``prefix``, ordered by name."""

    def ping(self) -> None:
        """Raises Unavailable unless the store answers now."""


class EventQueue(Protocol):
    """The queue on which events of the images container wait for the trigger that takes them."""

    def send(self, text: str, *, delay_s: float = 0.0) -> None:
        """Puts a message on the queue; nobody is given it before the delay is over."""

    def count(self) -> int:
        """How many messages are on the queue, including those that are hidden for now."""

    def close(self) -> None:
        """Lets go of its connections; the queue is not used afterwards."""
