"""The eleven basic colour terms: samples of each, and the words for them (`colours.json`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model_export.starter.arrays import Floats, normalise_rows

COLOURS_FILE = Path(__file__).with_name("colours.json")


@dataclass(frozen=True, slots=True)
class ColourTerms:
    terms: list[str]  # 11
    anchors: Floats  # [anchors, 3]: sRGB in 0..1
    anchor_terms: Floats  # [anchors, 11]: one-hot, the term of each anchor
    words: dict[str, Floats]  # word -> unit [11], the terms themselves included


def load_colours() -> ColourTerms:
    content = json.loads(COLOURS_FILE.read_text(encoding="utf-8"))
    terms = list(content["anchors"])
    pairs = [(term, sample) for term, samples in content["anchors"].items() for sample in samples]
    mixtures = {term: {term: 1.0} for term in terms} | content["words"]
    return ColourTerms(
        terms=terms,
        anchors=np.array([_parse_srgb(sample) for _, sample in pairs], np.float32),
        anchor_terms=np.array([_list_shares({term: 1.0}, terms) for term, _ in pairs], np.float32),
        words={
            word: normalise_rows(np.array(_list_shares(mix, terms)))
            for word, mix in mixtures.items()
        },
    )


def _parse_srgb(sample: str) -> list[float]:
    """Six hex digits after a hash sign -> red, green, blue in 0..1."""
    return [channel / 255 for channel in bytes.fromhex(sample[1:])]


def _list_shares(mixture: dict[str, float], terms: list[str]) -> list[float]:
    return [mixture.get(term, 0.0) for term in terms]
