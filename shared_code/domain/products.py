"""The value types that every part of the product speaks about."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float32]
    """One embedding: shape [dimension], float32, of unit length."""
    Vectors: TypeAlias = NDArray[np.float32]
    """A batch of embeddings: shape [n, dimension], float32, each of unit length."""

ImageBytes: TypeAlias = bytes | memoryview
"""A picture as it was sent: JPEG, PNG and so on. A view is a part of a request's body."""

Metadata: TypeAlias = Mapping[str, Any]
"""What a shop records about a product beyond its name and description: a JSON object."""

Kind: TypeAlias = Literal["image", "text"]
"""What a vector was made from: a picture of a product, or its name and description."""

View: TypeAlias = Literal["image", "text", "lexical"]
"""What a query is compared with: pictures, descriptions by meaning, descriptions by their words."""

POINT_NAMESPACE = uuid.UUID("6f1d3c1e-5c0b-5b52-9a53-1f6a1b0f3a77")
"""The namespace of every point id. Changing it would orphan every stored point."""


@dataclass(frozen=True, slots=True)
class ScoreCalibration:
    """How to read a model's scores: the usual score of things that have nothing to do with each
    other, and of things that belong together."""

    unrelated: float
    match: float


@dataclass(frozen=True, slots=True)
class ScoreCalibrations:
    """The calibrations that the model's export measured; None where it did not."""

    text_to_image: ScoreCalibration | None = None
    text_to_text: ScoreCalibration | None = None
    image_to_image: ScoreCalibration | None = None

    @property
    def of_text(self) -> Mapping[Kind, ScoreCalibration | None]:
        """The calibration of a text's scores, by view."""
        return {"image": self.text_to_image, "text": self.text_to_text}


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model made a vector. Vectors of two fingerprints can never be compared."""

    name: str
    precision: str
    dimension: int
    fingerprint: str
    """12 hexadecimal digits, a digest of the bundle's files. Names the collection."""
    random_weights: bool = False
    """True for a bundle that was made to measure speed: its results mean nothing."""
    scales: ScoreCalibrations = ScoreCalibrations()


@dataclass(frozen=True, slots=True)
class Region:
    """A part of an upright picture, in fractions of its width and height, from the top left.

    Raises ValueError where it does not lie within the picture.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        starts_inside = 0 <= self.x < 1 and 0 <= self.y < 1
        ends_inside = self.x + self.width <= 1 + 1e-6 and self.y + self.height <= 1 + 1e-6
        if not (starts_inside and ends_inside and self.width > 0 and self.height > 0):
            raise ValueError("must be x,y,width,height in fractions of the picture, within 0 and 1")


@dataclass(frozen=True, slots=True)
class PointRef:
    """Identifies a point: a picture of a product, or (without an image key) its text."""

    product_id: str
    image_key: str = ""

    @property
    def kind(self) -> Kind:
        return "image" if self.image_key else "text"

    @property
    def point_id(self) -> str:
        """Deterministic, so that a second delivery overwrites and never duplicates."""
        return str(uuid.uuid5(POINT_NAMESPACE, f"{self.product_id}/{self.image_key}"))


@dataclass(frozen=True, slots=True)
class PointRevision:
    """The state of storage that a point was made from."""

    etag: str
    version: int
    """Microseconds since the epoch. A write never replaces a point of a higher version."""
    words_etag: str = field(default="", compare=False)
    """The ``ProductText.etag`` of the text that the point carries. Set in what the index
    returns."""


@dataclass(frozen=True, slots=True)
class ProductText:
    """A product's name, description and metadata."""

    product_id: str
    name: str
    description: str = ""
    metadata: Metadata = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """A digest of the content: the same text is not embedded again."""
        canonical = json.dumps(
            [self.name, self.description, dict(self.metadata)], sort_keys=True, ensure_ascii=False
        )
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ImageRef:
    """A picture of a product: its key within the product and its blob in the container."""

    key: str
    blob: str
    group: str = field(default="", compare=False)
    """The group of near duplicates of several products that it belongs to; empty for none."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the index knows it, with its pictures in the order of their keys."""

    text: ProductText
    images: tuple[ImageRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TextRecord:
    """A product's text, embedded and ready to be written.

    ``vector`` is None when the model knows none of its words: the product is listed and filtered
    like any other, but no search by meaning finds it by its text.
    """

    product: ProductText
    vector: Vector | None
    source: PointRevision

    @property
    def ref(self) -> PointRef:
        return PointRef(self.product.product_id)


@dataclass(frozen=True, slots=True, eq=False)
class ImageRecord:
    """A picture, embedded and ready to be written, with the text of its product.

    ``text_version`` is the version of that text: the index replaces it when it holds a newer one,
    so a picture that arrives late never brings an old text back.
    """

    product: ProductText
    image: ImageRef
    vector: Vector
    source: PointRevision
    text_version: int

    @property
    def ref(self) -> PointRef:
        return PointRef(self.product.product_id, self.image.key)


@dataclass(frozen=True, slots=True)
class Hit:
    """A point that a query returned; ``score`` is the cosine similarity, -1..1."""

    product: ProductText
    kind: Kind
    score: float
    image: ImageRef | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    products: int
    images: int

    @property
    def vectors(self) -> int:
        return self.products + self.images
