"""Converts a transformers tokenizer to a tokenizer.json that gives the same ids."""

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
"""Texts for which both must give the same ids, besides those of the evaluation set."""


def convert_tokenizer(tokenizer: Any, texts: Sequence[str]) -> tuple[str, bool]:
    """Returns the content of a tokenizer.json, and whether texts must be lower-cased first.

    Raises ExportError if no conversion gives transformers' own ids for every text.
    """
    fast = getattr(tokenizer, "backend_tokenizer", None)
    content = (_convert_sentencepiece(tokenizer) if fast is None else fast).to_str()
    copy = Tokenizer.from_str(content)
    copy.no_padding()
    copy.no_truncation()
    probe_texts = [*PROBES, *texts]
    for lowercase in (False, True):
        differing_text = _find_difference(tokenizer, copy, probe_texts, lowercase)
        if differing_text is None:
            return copy.to_str(), lowercase
    raise ExportError(
        f"the tokenizer {type(tokenizer).__name__} cannot be converted: {differing_text!r} gets "
        "other ids. Export a checkpoint that ships a tokenizer.json"
    )


def _find_difference(
    reference: Any, copy: Tokenizer, texts: Sequence[str], lowercase: bool
) -> str | None:
    for text in texts:
        expected_ids = list(reference(text, truncation=False)["input_ids"])
        if copy.encode(text.lower() if lowercase else text).ids != expected_ids:
            return text
    return None


def _convert_sentencepiece(tokenizer: Any) -> Tokenizer:
    """Converts SigLIP's tokenizer: sentencepiece behind Python code, which lower-cases the text,
    removes punctuation and collapses spaces."""
    from transformers.convert_slow_tokenizer import T5Converter

    try:
        tokenizer._extra_ids = 0  # the converter reads this attribute of T5 tokenizers
        fast_tokenizer: Tokenizer = T5Converter(tokenizer).converted()
    except Exception as exc:  # the converter fails in as many ways as there are tokenizers
        raise ExportError(
            f"the tokenizer {type(tokenizer).__name__} cannot be converted ({exc}). Export a "
            "checkpoint that ships a tokenizer.json"
        ) from exc
    if getattr(tokenizer, "do_lower_case", False):
        punctuation = "[" + "".join("\\" + mark for mark in string.punctuation) + "]"
        fast_tokenizer.normalizer = normalizers.Sequence(
            [
                normalizers.Lowercase(),
                normalizers.Replace(Regex(punctuation), ""),
                normalizers.Replace(Regex(r"\s+"), " "),
                normalizers.Strip(),
                *([fast_tokenizer.normalizer] if fast_tokenizer.normalizer else []),
            ]
        )
    return fast_tokenizer
