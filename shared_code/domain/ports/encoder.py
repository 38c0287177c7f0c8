"""The model that turns pictures and texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from shared_code.domain.products import ImageBytes, ModelInfo, Region, Vector, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A unit vector. ``windows`` > 1 says that the text was longer than the model's token limit:
    its parts were embedded one by one and averaged, so nothing of it was cut."""

    vector: Vector
    windows: int = 1


class Encoder(Protocol):
    """A dual encoder: embeds pictures and texts into one space of unit vectors."""

    @property
    def model(self) -> ModelInfo: ...

    def preload(self) -> None:
        """Starts to load what a text search needs, on a thread of its own; returns at once."""

    def ping(self) -> None:
        """Raises Misconfigured unless the model's files are whole; reads all of them."""

    def decode(self, picture: ImageBytes, region: Region | None = None) -> Any:
        """Returns the picture, or a part of it, as the image tower takes it: a float32 array
        [3, height, width].

        Raises UnsupportedImage when the content has no accepted format, Unprocessable when it
        cannot be decoded or has too many pixels.
        """

    def encode_images(self, pictures: Sequence[Any]) -> Vectors:
        """Embeds pictures that ``decode`` returned; [n, dimension]."""

    def normalise_query_vector(self, numbers: Sequence[float]) -> Vector:
        """Returns a vector that a caller sent, scaled to length 1.

        Raises Unprocessable unless it has the model's dimension and a direction.
        """

    def encode_texts(self, texts: Sequence[str]) -> list[Embedding]:
        """Embeds each text, in order. Raises Unprocessable for one without a single word."""
