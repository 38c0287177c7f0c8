"""The weight and the colour of each row of the text tower's table."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from model_export.starter import layout
from model_export.starter.arrays import Floats, normalise_rows
from model_export.starter.colours import ColourTerms
from model_export.starter.french.words import FrenchWord
from model_export.starter.text.vocabulary import SPECIAL_TOKENS

# A colour word counts in the colour block; in the meaning block "red dress" would find roses.
COLOUR_WORD_FADE = math.exp(-1)


@dataclass(frozen=True, slots=True)
class RowFacts:
    weights: Floats  # [rows]
    colours: Floats  # [rows, 11], zero for a row that names no colour


def compute_row_facts(
    learnt: Floats, colours: ColourTerms, english: Tokenizer, french: list[FrenchWord]
) -> RowFacts:
    """`learnt` are the bag's weights [rows]: English, then French words, then the silent row.

    Weights are lowered for colour words and zero for [CLS] and its like; a French word is treated
    as its senses are.
    """
    english_colours = make_colour_rows(colours, english)
    fades = np.where(english_colours.any(axis=1), COLOUR_WORD_FADE, 1).astype(np.float32)
    special = [row for token in SPECIAL_TOKENS if (row := english.token_to_id(token)) is not None]
    fades[special] = 0
    parts = [encode_senses(english, word) for word in french]
    french_fades = [average_fade(ids, learnt, fades) for ids in parts]
    french_colours = [
        normalise_rows(english_colours[np.concatenate(ids)].sum(axis=0)) for ids in parts
    ]
    return RowFacts(
        weights=np.asarray(learnt * [*fades, *french_fades, 1], np.float32),
        colours=np.stack([*english_colours, *french_colours, np.zeros(layout.COLOUR)]).astype(
            np.float32
        ),
    )


def encode_senses(english: Tokenizer, word: FrenchWord) -> list[list[int]]:
    return [english.encode(sense, add_special_tokens=False).ids for sense in word.senses]


def average_fade(senses: list[list[int]], learnt: Floats, fades: Floats) -> float:
    """Returns the mean over the senses: "red" fades like the English word, "red cabbage" less."""
    shares = [(fades[ids] * learnt[ids]).sum() / learnt[ids].sum() for ids in senses]
    return float(np.mean(shares))


def make_colour_rows(colours: ColourTerms, tokenizer: Tokenizer) -> Floats:
    """Returns [rows, 11]: the colour that each English row names, zero for the rest."""
    rows = np.zeros((tokenizer.get_vocab_size(), layout.COLOUR), np.float32)
    for word, vector in colours.words.items():
        row = tokenizer.token_to_id(word)
        if row is None:
            raise ValueError(f"the colour word {word!r} has no row in the vocabulary")
        rows[row] = vector
    return rows
