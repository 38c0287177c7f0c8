"""Makes the text tower's input of texts. A text over the token limit is split, never cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from shared_code.domain.errors import Misconfigured, Unprocessable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared_code.adapters.clip.bundle import TextSpec


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a text that fits the tower: token ids, special ones included."""

    ids: Sequence[int]
    known: int
    """How many tokens carry meaning: they are neither special nor unknown."""


class Tokenize:
    def __init__(self, spec: TextSpec, tokenizer_json: bytes) -> None:
        """``tokenizer_json`` is that file's content. Raises Misconfigured if it is not valid."""
        try:
            self._tokenizer = Tokenizer.from_buffer(tokenizer_json)
        except Exception as exc:  # the library raises plain Exception
            raise Misconfigured(
                f"{spec.tokenizer} is not a tokenizer: export the bundle again"
            ) from exc
        self._spec = spec
        # a text may contain "<|endoftext|>": taken for the token, it would end the text there
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_padding()  # the file may define its own; the manifest decides
        self._tokenizer.enable_truncation(spec.max_tokens)

    def split_into_windows(self, text: str) -> list[Window]:
        """Returns as many windows as the text needs, without those that have no known word.

        Raises Unprocessable when none is left.
        """
        encoding = self._tokenizer.encode(text.lower() if self._spec.lowercase else text)
        parts = (encoding, *encoding.overflowing)
        windows = [self._create_window(part.ids, part.special_tokens_mask) for part in parts]
        known = [window for window in windows if window.known]
        if not known:
            excerpt = text if len(text) <= 50 else text[:50] + "…"
            raise Unprocessable(f"The text {excerpt!r} has no word that the model knows.")
        return known

    def build_feeds(self, windows: Sequence[Window]) -> dict[str, NDArray[np.int64]]:
        """Returns the tower's inputs for one batch, by name: int64 [n, tokens]."""
        length = self._spec.pad_to or max(len(window.ids) for window in windows)
        ids = np.full((len(windows), length), self._spec.pad_id, np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            ids[row, : len(window.ids)] = window.ids
            mask[row, : len(window.ids)] = 1
        names = self._spec.inputs
        return {names.ids: ids} if names.mask is None else {names.ids: ids, names.mask: mask}

    def _create_window(self, ids: Sequence[int], special: Sequence[int]) -> Window:
        unknown = self._spec.unk_id
        known = sum(
            token != unknown and not is_special
            for token, is_special in zip(ids, special, strict=True)
        )
        return Window(ids, known)
