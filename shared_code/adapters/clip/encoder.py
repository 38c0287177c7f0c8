"""The Encoder port on onnxruntime: two towers, each loaded when first needed.

A search by text never loads the image tower. An onnxruntime session may run on many threads at
once; the gate limits how many runs share the cores.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shared_code.adapters.clip.gate import Gate
from shared_code.adapters.clip.loading import REBUILD_PAUSE_S, BackgroundLoader
from shared_code.adapters.clip.preprocess import Preprocess
from shared_code.adapters.clip.providers import CPU
from shared_code.adapters.clip.query_vectors import normalise_query_vector
from shared_code.adapters.clip.sessions import SessionSpec
from shared_code.adapters.clip.tokenize import Tokenize, Window
from shared_code.adapters.clip.tower import Tower, normalise_rows
from shared_code.domain.ports import Embedding
from shared_code.domain.timing import stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared_code.adapters.clip.bundle import Bundle
    from shared_code.domain.products import ImageBytes, ModelInfo, Region, Vector, Vectors

log = logging.getLogger(__name__)

IMAGE_BATCH = 4
"""Pictures per run: measured at 3.9 ms each, against 4.7 one by one and 4.6 in sixteens, which
would also take four times the memory."""

TEXT_BATCH = 16
"""Windows per run. More gain little, and one long window makes the whole batch long."""


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """How the encoder runs and how long it makes callers wait."""

    concurrency: int = 2
    """Runs at one time."""
    queue: int = 64
    """Callers that may wait for a run."""
    wait_s: float = 30.0
    """How long a caller waits for the model to load."""
    providers: Sequence[str] = (CPU,)
    """onnxruntime's execution providers, in the order in which they are tried."""
    rebuild_pause_s: float = REBUILD_PAUSE_S
    """Between a load that failed and the next attempt."""


class ClipEncoder:
    def __init__(
        self,
        bundle: Bundle,
        *,
        max_pixels: int,
        threads: int = 0,
        options: EncoderOptions | None = None,
    ) -> None:
        options = options or EncoderOptions()
        self._bundle = bundle
        self._manifest = bundle.manifest
        self._model = bundle.model
        if self._model.random_weights:
            log.warning(
                "%s has random weights: its search results are meaningless", self._model.name
            )
        self._spec = SessionSpec(threads, options.providers, self._model.precision)
        self._gate = Gate(options.concurrency, options.queue)
        self._preprocess = Preprocess(bundle.manifest.image, max_pixels=max_pixels)
        patience = {"wait_s": options.wait_s, "rebuild_pause_s": options.rebuild_pause_s}
        self._image = BackgroundLoader(self._load_image_tower, **patience)
        self._text = BackgroundLoader(self._load_text_tower, **patience)

    @property
    def model(self) -> ModelInfo:
        return self._model

    @property
    def loaded(self) -> frozenset[str]:
        """Which of the towers ``image`` and ``text`` are in memory."""
        is_loaded = {"image": self._image.is_loaded, "text": self._text.is_loaded}
        return frozenset(name for name, loaded in is_loaded.items() if loaded)

    def preload(self) -> None:
        self._text.start()

    def ping(self) -> None:
        for file in self._manifest.files:
            self._bundle.verify_file(file)

    def decode(self, picture: ImageBytes, region: Region | None = None) -> NDArray[np.float32]:
        with stage("decode"):
            return self._preprocess(picture, region)

    def encode_images(self, pictures: Sequence[NDArray[np.float32]]) -> Vectors:
        with stage("embed"):
            parts = [
                self._embed_images(pictures[start : start + IMAGE_BATCH])
                for start in range(0, len(pictures), IMAGE_BATCH)
            ]
            return self._concatenate(parts)

    def normalise_query_vector(self, numbers: Sequence[float]) -> Vector:
        return normalise_query_vector(numbers, self._manifest.dimension)

    def encode_texts(self, texts: Sequence[str]) -> list[Embedding]:
        with stage("embed"):
            tokenize, _ = self._text.get()
            windows_by_text = [tokenize.split_into_windows(text) for text in texts]
            vectors = self._embed_windows(
                [window for windows in windows_by_text for window in windows]
            )
            embeddings = []
            start = 0
            for windows in windows_by_text:
                end = start + len(windows)
                embeddings.append(_average_windows(windows, vectors[start:end]))
                start = end
            return embeddings

    def _embed_images(self, pictures: Sequence[NDArray[np.float32]]) -> Vectors:
        feeds = {self._manifest.image.input: np.stack(pictures)}
        return self._image.get().embed(feeds, self._manifest.dimension)

    def _embed_windows(self, windows: Sequence[Window]) -> Vectors:
        tokenize, tower = self._text.get()
        parts = [
            tower.embed(
                tokenize.build_feeds(windows[start : start + TEXT_BATCH]), self._manifest.dimension
            )
            for start in range(0, len(windows), TEXT_BATCH)
        ]
        return self._concatenate(parts)

    def _concatenate(self, parts: Sequence[Vectors]) -> Vectors:
        no_rows: Vectors = np.empty((0, self._manifest.dimension), np.float32)
        return np.concatenate([no_rows, *parts])

    def _load_image_tower(self) -> Tower:
        spec = self._manifest.image
        return self._load_tower(spec.file, [spec.input], spec.output)

    def _load_text_tower(self) -> tuple[Tokenize, Tower]:
        spec = self._manifest.text
        inputs = [spec.inputs.ids] + ([spec.inputs.mask] if spec.inputs.mask else [])
        tokenize = Tokenize(spec, self._bundle.verify_file(spec.tokenizer).read_bytes())
        return tokenize, self._load_tower(spec.file, inputs, spec.output)

    def _load_tower(self, file: str, inputs: Sequence[str], output: str) -> Tower:
        return Tower(
            self._bundle.verify_file(file),
            inputs=inputs,
            output=output,
            spec=self._spec,
            gate=self._gate,
        )


def _average_windows(windows: Sequence[Window], vectors: Vectors) -> Embedding:
    """Weighs each window by its known words, so that a short last one does not tip the balance."""
    weights = np.array([[window.known] for window in windows], np.float32)
    total = (vectors * weights).sum(axis=0, keepdims=True)
    [vector] = normalise_rows(total, "a split text")
    return Embedding(vector, len(windows))
