"""Texts as the text tower takes them. A text over the token limit is split, never cut."""

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
    """A stretch of a text that fits the tower: token ids, special ones included."""

    ids: Sequence[int]
    known: int
    """Tokens that mean something: neither special nor unknown."""


class Tokenize:
    def __init__(self, spec: TextSpec, tokenizer_json: bytes) -> None:
        """``tokenizer_json``: the content of that file. Raises Misconfigured when it is none."""
        try:
            self._tokenizer = Tokenizer.from_buffer(tokenizer_json)
        except Exception as exc:  # the library raises plain Exception
            raise Misconfigured(f"{spec.tokenizer} is no tokenizer: export it again") from exc
        self._spec = spec
        # a text's own "<|endoftext|>" is text: taken for the token, it would end the text there
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_padding()  # the file may bring its own; the manifest rules
        self._tokenizer.enable_truncation(spec.max_tokens)

    def windows(self, text: str) -> list[Window]:
        """The text in as many windows as it needs; those without a known word are left out.

        Raises Unprocessable when none is left.
        """
        encoding = self._tokenizer.encode(text.lower() if self._spec.lowercase else text)
        parts = (encoding, *encoding.overflowing)
        windows = [self._window(part.ids, part.special_tokens_mask) for part in parts]
        known = [window for window in windows if window.known]
        if not known:
            shown = text if len(text) <= 50 else text[:50] + "…"
            raise Unprocessable(f"The text {shown!r} holds no word that the model knows.")
        return known

    def feeds(self, windows: Sequence[Window]) -> dict[str, NDArray[np.int64]]:
        """The tower's inputs for one batch: int64 [n, tokens]."""
        length = self._spec.pad_to or max(len(window.ids) for window in windows)
        ids = np.full((len(windows), length), self._spec.pad_id, np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            ids[row, : len(window.ids)] = window.ids
            mask[row, : len(window.ids)] = 1
        names = self._spec.inputs
        return {names.ids: ids} if names.mask is None else {names.ids: ids, names.mask: mask}

    def _window(self, ids: Sequence[int], special: Sequence[int]) -> Window:
        unknown = self._spec.unk_id
        known = sum(
            token != unknown and not is_special
            for token, is_special in zip(ids, special, strict=True)
        )
        return Window(ids, known)
