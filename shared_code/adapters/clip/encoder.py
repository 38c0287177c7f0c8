"""The Encoder port on onnxruntime: two towers, each loaded when first needed.

A search by text never loads the picture tower. onnxruntime sessions may run on many threads
at once; the gate keeps more of them from sharing the same cores than serves anyone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shared_code.adapters.clip.bundle import Bundle, load_bundle
from shared_code.adapters.clip.gate import Gate
from shared_code.adapters.clip.loading import AGAIN_AFTER_S, Loading
from shared_code.adapters.clip.preprocess import Preprocess
from shared_code.adapters.clip.providers import CPU
from shared_code.adapters.clip.query_vectors import given_vector
from shared_code.adapters.clip.sessions import SessionSpec
from shared_code.adapters.clip.tokenize import Tokenize, Window
from shared_code.adapters.clip.tower import Tower, unit
from shared_code.domain.ports import Embedding
from shared_code.domain.timing import stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared_code.domain.products import ImageBytes, ModelInfo, Region, Vector, Vectors
    from shared_code.settings import Settings

log = logging.getLogger(__name__)

IMAGE_BATCH = 4
"""Pictures per run: here 3.9 ms each against 4.7 alone and 4.6 by sixteen, which also would
hold four times the memory."""

TEXT_BATCH = 16
"""Windows per run. More gain little, and a long one makes the whole batch long."""


@dataclass(frozen=True, slots=True)
class Running:
    """How much runs at one time, how many callers may wait, and how long for the model;
    seconds until a load that failed is tried again."""

    concurrency: int = 2
    queue: int = 64
    wait_s: float = 30.0
    providers: Sequence[str] = (CPU,)
    again_after_s: float = AGAIN_AFTER_S


class ClipEncoder:
    def __init__(
        self, bundle: Bundle, *, max_pixels: int, threads: int = 0, running: Running | None = None
    ) -> None:
        running = running or Running()
        self._bundle = bundle
        self._manifest = bundle.manifest
        self._model = bundle.model
        if self._model.random_weights:
            log.warning("%s has random weights: what searches find means nothing", self._model.name)
        self._spec = SessionSpec(threads, running.providers, self._model.precision)
        self._gate = Gate(running.concurrency, running.queue)
        self._preprocess = Preprocess(bundle.manifest.image, max_pixels=max_pixels)
        patience = {"wait_s": running.wait_s, "again_after_s": running.again_after_s}
        self._image = Loading(self._load_image, **patience)
        self._text = Loading(self._load_text, **patience)

    @classmethod
    def from_settings(cls, settings: Settings) -> ClipEncoder:
        return cls(
            load_bundle(settings.model_dir),
            max_pixels=settings.max_image_pixels,
            threads=settings.ort_threads,
            running=Running(
                settings.encode_concurrency,
                settings.encode_queue,
                settings.model_wait_s,
                settings.ort_providers,
            ),
        )

    @property
    def model(self) -> ModelInfo:
        return self._model

    @property
    def loaded(self) -> frozenset[str]:
        """Which of the towers ``image`` and ``text`` are in memory."""
        towers = {"image": self._image.built, "text": self._text.built}
        return frozenset(name for name, built in towers.items() if built)

    def preload(self) -> None:
        self._text.begin()

    def ping(self) -> None:
        for file in self._manifest.files:
            self._bundle.verified(file)

    def decode(self, picture: ImageBytes, region: Region | None = None) -> NDArray[np.float32]:
        with stage("decode"):
            return self._preprocess(picture, region)

    def encode_images(self, pictures: Sequence[NDArray[np.float32]]) -> Vectors:
        with stage("embed"):
            parts = [
                self._image_vectors(pictures[start : start + IMAGE_BATCH])
                for start in range(0, len(pictures), IMAGE_BATCH)
            ]
            return self._stacked(parts)

    def given(self, numbers: Sequence[float]) -> Vector:
        return given_vector(numbers, self._manifest.dimension)

    def encode_texts(self, texts: Sequence[str]) -> list[Embedding]:
        with stage("embed"):
            tokenize, _ = self._text.get()
            split = [tokenize.windows(text) for text in texts]
            vectors = self._window_vectors([window for windows in split for window in windows])
            embeddings = []
            start = 0
            for windows in split:
                end = start + len(windows)
                embeddings.append(_joined(windows, vectors[start:end]))
                start = end
            return embeddings

    def _image_vectors(self, pictures: Sequence[NDArray[np.float32]]) -> Vectors:
        feeds = {self._manifest.image.input: np.stack(pictures)}
        return self._image.get().vectors(feeds, self._manifest.dimension)

    def _window_vectors(self, windows: Sequence[Window]) -> Vectors:
        tokenize, tower = self._text.get()
        parts = [
            tower.vectors(
                tokenize.feeds(windows[start : start + TEXT_BATCH]), self._manifest.dimension
            )
            for start in range(0, len(windows), TEXT_BATCH)
        ]
        return self._stacked(parts)

    def _stacked(self, parts: Sequence[Vectors]) -> Vectors:
        none: Vectors = np.empty((0, self._manifest.dimension), np.float32)
        return np.concatenate([none, *parts])

    def _load_image(self) -> Tower:
        spec = self._manifest.image
        return self._tower(spec.file, [spec.input], spec.output)

    def _load_text(self) -> tuple[Tokenize, Tower]:
        spec = self._manifest.text
        inputs = [spec.inputs.ids] + ([spec.inputs.mask] if spec.inputs.mask else [])
        tokenize = Tokenize(spec, self._bundle.verified(spec.tokenizer).read_bytes())
        return tokenize, self._tower(spec.file, inputs, spec.output)

    def _tower(self, file: str, inputs: Sequence[str], output: str) -> Tower:
        return Tower(
            self._bundle.verified(file),
            inputs=inputs,
            output=output,
            spec=self._spec,
            gate=self._gate,
        )


def _joined(windows: Sequence[Window], vectors: Vectors) -> Embedding:
    """Windows weigh as much as they have words, so a short last one tips nothing."""
    weights = np.array([[window.known] for window in windows], np.float32)
    vector: Vector = unit((vectors * weights).sum(axis=0, keepdims=True), "a split text")[0]
    return Embedding(vector, len(windows))
