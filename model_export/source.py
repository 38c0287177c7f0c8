"""The input of an export: two towers, their tokenizer, and the torch model to compare them with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from model_export.layers import Floats, ImageTower, TextTower
from shared_code.adapters.clip.bundle import TextInputs, TextSpec
from shared_code.adapters.clip.tokenize import Tokenize

Feeds: TypeAlias = dict[str, npt.NDArray[Any]]
"""A graph's inputs by name; of a text tower int64 [n, tokens]."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How pictures are prepared, as in the manifest; ``resize`` brings them to the tower's size."""

    resize: Literal["crop", "squash"]
    interpolation: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Tokenization:
    """``content`` is a tokenizer.json; ids are those of transformers' own tokenizer."""

    content: str = field(repr=False)
    max_tokens: int
    """Special tokens included."""
    pad_id: int
    pad_to: int | None = None
    unk_id: int | None = None
    lowercase: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of weights, for the manifest."""

    name: str
    family: str
    revision: str
    licence: str
    random: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ImageSource:
    origin: Origin
    tower: ImageTower
    preprocessing: Preprocessing
    embed_with_torch: Callable[[Feeds], Floats]
    """``pixel_values`` [n, 3, height, width] -> unit vectors, computed by transformers."""


@dataclass(frozen=True, slots=True, eq=False)
class TextSource:
    origin: Origin
    tower: TextTower
    tokenization: Tokenization
    embed_with_torch: Callable[[Feeds], Floats]

    def make_feeds(self, texts: Sequence[str], *, batch: int = 1) -> list[Feeds]:
        """Returns the graph's inputs for these texts, ``batch`` of them at a time.

        The tokenisation is the app's own. A text over the token limit is cut to its first window.
        """
        facts = self.tokenization
        spec = TextSpec(
            file="",
            inputs=TextInputs("input_ids", "attention_mask" if self.tower.masked else None),
            output="",
            tokenizer="tokenizer.json",
            max_tokens=facts.max_tokens,
            pad_id=facts.pad_id,
            pad_to=facts.pad_to,
            unk_id=facts.unk_id,
            lowercase=facts.lowercase,
        )
        tokenize = Tokenize(spec, facts.content.encode())
        windows = [tokenize.split_into_windows(text)[0] for text in texts]
        starts = range(0, len(windows), batch)
        return [dict(tokenize.build_feeds(windows[start : start + batch])) for start in starts]


def normalise_rows(vectors: Any) -> Floats:
    """Returns the rows scaled to length 1."""
    rows = np.asarray(vectors, np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)
