"""An encoder of a few lines that passes the port's contract: real pictures, no model.

Words that name a colour lie near pictures of that colour, so that searches have an answer.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from shared_code.adapters.clip.bundle import ImageSpec
from shared_code.adapters.clip.preprocess import Preprocess
from shared_code.adapters.clip.query_vectors import normalise_query_vector
from shared_code.domain.errors import Unprocessable
from shared_code.domain.ports import Embedding
from shared_code.domain.products import ModelInfo, Region, ScoreCalibration, ScoreCalibrations
from shared_code.domain.timing import stage
from tests.pictures import COLOURS

MAX_WORDS = 64
DIMENSION = 32
SPEC = ImageSpec(
    file="",
    input="",
    output="",
    size=(16, 16),
    resize="squash",
    interpolation="box",
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
)


class TwinEncoder:
    def __init__(self, *, max_pixels: int = 50_000_000) -> None:
        self._preprocess = Preprocess(SPEC, max_pixels=max_pixels)

    @property
    def model(self) -> ModelInfo:
        scales = ScoreCalibrations(
            ScoreCalibration(0.0, 0.5), ScoreCalibration(0.0, 0.5), ScoreCalibration(0.3, 0.7)
        )
        return ModelInfo("twin", "fp32", DIMENSION, "7717717717ee", scales=scales)

    def preload(self) -> None:
        """There is nothing to load."""

    def ping(self) -> None:
        """There are no files to check."""

    def decode(self, picture: bytes, region: Region | None = None) -> Any:
        with stage("decode"):
            return self._preprocess(picture, region)

    def encode_images(self, pictures: Sequence[Any]) -> Any:
        with stage("embed"):
            vectors = [
                _to_unit_length(_embed_colour(picture.mean(axis=(1, 2)))) for picture in pictures
            ]
            return np.array(vectors, np.float32).reshape(-1, DIMENSION)

    def normalise_query_vector(self, numbers: Sequence[float]) -> Any:
        return normalise_query_vector(numbers, DIMENSION)

    def encode_texts(self, texts: Sequence[str]) -> list[Embedding]:
        with stage("embed"):
            return [_embed_text(text) for text in texts]


def _embed_text(text: str) -> Embedding:
    words = re.findall(r"\w+", text.lower())
    if not words:
        raise Unprocessable(f"The text {text[:50]!r} has no word that the model knows.")
    vector = np.sum([_embed_word(word) for word in words], axis=0)
    return Embedding(_to_unit_length(vector), math.ceil(len(words) / MAX_WORDS))


def _embed_word(word: str) -> Any:
    if word in COLOURS:
        return _embed_colour(np.array(COLOURS[word]) / 127.5 - 1)
    digest = hashlib.shake_128(word.encode()).digest(DIMENSION - 4)
    tail = np.frombuffer(digest, np.uint8) / 127.5 - 1
    return np.concatenate([[0, 0, 0, 0.01], tail])


def _embed_colour(rgb: Any) -> Any:
    """Takes ``rgb`` from -1 to 1; the fourth number gives a direction to grey as well."""
    return np.concatenate([rgb, [0.1], np.zeros(DIMENSION - 4)])


def _to_unit_length(vector: Any) -> Any:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
