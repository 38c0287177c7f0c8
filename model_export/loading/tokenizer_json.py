"""transformers tokenizers as one tokenizer.json, with the same ids or not at all."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from tokenizers import Regex, Tokenizer, normalizers

from model_export.errors import ExportError

PROBES = (
    "a photo of a red dress",
    "  Robe d'été   rouge, taille 38 — 49,90 € ",
    "T-SHIRT (100% cotton)\n& socks!",
    "l'élégance; façade, cœur, naïve, straße",
    "running_shoes@shop.example #sale 3.5mm x2",
    "お茶碗 чашка 杯子 🙂👗",
    "x" * 60,
    "'s 're don't 1st 2024-12-31",
)
"""Texts on which a converted tokenizer must agree, beside those of the evaluation set."""


def tokenizer_json(tokenizer: Any, texts: Sequence[str]) -> tuple[str, bool]:
    """The content of a tokenizer.json, and whether a text must be lower-cased before it.

    Raises ExportError when no conversion gives transformers' own ids for every text.
    """
    fast = getattr(tokenizer, "backend_tokenizer", None)
    content = (_from_sentencepiece(tokenizer) if fast is None else fast).to_str()
    copy = Tokenizer.from_str(content)
    copy.no_padding()
    copy.no_truncation()
    asked = [*PROBES, *texts]
    for lowercase in (False, True):
        different = _first_difference(tokenizer, copy, asked, lowercase)
        if different is None:
            return copy.to_str(), lowercase
    raise ExportError(
        f"the tokenizer {type(tokenizer).__name__} cannot be converted: {different!r} gets other "
        "ids. Export a checkpoint that ships a tokenizer.json"
    )


def _first_difference(
    reference: Any, copy: Tokenizer, texts: Sequence[str], lowercase: bool
) -> str | None:
    for text in texts:
        wanted = list(reference(text, truncation=False)["input_ids"])
        if copy.encode(text.lower() if lowercase else text).ids != wanted:
            return text
    return None


def _from_sentencepiece(tokenizer: Any) -> Tokenizer:
    """SigLIP's tokenizer is Python around sentencepiece: lower case, no punctuation, one space."""
    from transformers.convert_slow_tokenizer import T5Converter

    try:
        tokenizer._extra_ids = 0  # T5's, which the converter asks for
        converted: Tokenizer = T5Converter(tokenizer).converted()
    except Exception as exc:  # the converter fails in as many ways as there are tokenizers
        raise ExportError(
            f"the tokenizer {type(tokenizer).__name__} cannot be converted ({exc}). Export a "
            "checkpoint that ships a tokenizer.json"
        ) from exc
    if getattr(tokenizer, "do_lower_case", False):
        punctuation = "[" + "".join("\\" + mark for mark in string.punctuation) + "]"
        converted.normalizer = normalizers.Sequence(
            [
                normalizers.Lowercase(),
                normalizers.Replace(Regex(punctuation), ""),
                normalizers.Replace(Regex(r"\s+"), " "),
                normalizers.Strip(),
                *([converted.normalizer] if converted.normalizer else []),
            ]
        )
    return converted
