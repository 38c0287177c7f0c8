"""What a row of the text tower's table carries beside its vector: its weight and its colour."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from model_export.starter import layout
from model_export.starter.arrays import Floats, unit
from model_export.starter.colours import ColourTerms
from model_export.starter.french.words import FrenchWord
from model_export.starter.text.vocabulary import SPECIAL_TOKENS

# A colour word speaks through the colour block; in the meaning block "red dress" would find roses.
COLOUR_WORD_FADE = math.exp(-1)


@dataclass(frozen=True, slots=True)
class RowFacts:
    weights: Floats  # [rows]
    colours: Floats  # [rows, 11], zero for a row that names no colour


def row_facts(
    learnt: Floats, colours: ColourTerms, english: Tokenizer, french: list[FrenchWord]
) -> RowFacts:
    """`learnt`: the bag's weights [rows]: English, French words, and the silent row.

    Lower for colour words, zero for [CLS] and its like; a French word is as its senses are.
    """
    english_colours = colour_rows(colours, english)
    fades = np.where(english_colours.any(axis=1), COLOUR_WORD_FADE, 1).astype(np.float32)
    special = [row for token in SPECIAL_TOKENS if (row := english.token_to_id(token)) is not None]
    fades[special] = 0
    parts = [sense_ids(english, word) for word in french]
    french_fades = [fade_of(ids, learnt, fades) for ids in parts]
    french_colours = [unit(english_colours[np.concatenate(ids)].sum(axis=0)) for ids in parts]
    return RowFacts(
        weights=np.asarray(learnt * [*fades, *french_fades, 1], np.float32),
        colours=np.stack([*english_colours, *french_colours, np.zeros(layout.COLOUR)]).astype(
            np.float32
        ),
    )


def sense_ids(english: Tokenizer, word: FrenchWord) -> list[list[int]]:
    return [english.encode(sense, add_special_tokens=False).ids for sense in word.senses]


def fade_of(senses: list[list[int]], learnt: Floats, fades: Floats) -> float:
    """Mean over the senses; "red" as the English word, "red cabbage" less."""
    shares = [(fades[ids] * learnt[ids]).sum() / learnt[ids].sum() for ids in senses]
    return float(np.mean(shares))


def colour_rows(colours: ColourTerms, tokenizer: Tokenizer) -> Floats:
    """[rows, 11]: the colour each English row names, zero for the rest."""
    rows = np.zeros((tokenizer.get_vocab_size(), layout.COLOUR), np.float32)
    for word, vector in colours.words.items():
        row = tokenizer.token_to_id(word)
        if row is None:
            raise ValueError(f"the colour word {word!r} has no row in the vocabulary")
        rows[row] = vector
    return rows
