"""French in the tokenizer and in the table of rows.

A French word is a new token, a phrase ("pomme de terre") too; the English ones stay. All spellings
of one word share one row of the bag, so "Tasses à café" and "tasse a cafe" are the same vector. A
token of both languages ("four") keeps its English row and has a second one, for French texts.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model_export.starter.arrays import Floats
from model_export.starter.french.inflection import LIGATURES
from model_export.starter.french.words import TEA, FrenchWord, LanguageWords

# How a token counts for its text's language; a text whose sum is above zero is French.
FRENCH, PERHAPS_FRENCH, PERHAPS_ENGLISH, ENGLISH = 1.0, 0.5, -0.25, -0.5
# the one accent that distinguishes French from English: "thé" must not become "the"
_TEA = r"\b[Tt][Hh][Éé]s?\b"


@dataclass(frozen=True, slots=True)
class FrenchVocabulary:
    """Arrays have one entry per token id."""

    settings: dict[str, Any]  # tokenizer.json
    english_ids: int  # smaller ids are the English tokenizer's, and their rows equal their ids
    row: npt.NDArray[np.int32]  # the row of a token in a French text
    evidence: Floats
    is_piece: npt.NDArray[np.bool_]  # "##ers"
    words: list[FrenchWord]  # word i has row english_ids + i; one silent row follows
    same: int  # how many of them, the first ones, are an English phrase ("t-shirt")

    @property
    def taught(self) -> range:
        """The rows to train: those of words that are not the same in English."""
        return range(self.english_ids + self.same, self.english_ids + len(self.words))


def build_french_vocabulary(
    english: dict[str, Any], words: list[FrenchWord], common: LanguageWords, lessons: Iterable[str]
) -> FrenchVocabulary:
    """Adds `words` to the `english` tokenizer.json; `lessons` are words of English phrases."""
    known: dict[str, int] = english["model"]["vocab"]
    function_words = sorted(common.silent | common.neutral)
    shared = [word for word in words if _is_shared(word, known)]
    own = [word for word in words if not _is_shared(word, known)]
    own.sort(key=_is_english_phrase, reverse=True)
    settings = _extend_tokenizer(english, [*function_words, *_list_spellings(words)])
    ids = _list_ids(settings)
    english_words = set(lessons) - set(_list_spellings(words)) - {TEA}
    rows = np.arange(len(ids), dtype=np.int32)
    for word in shared:
        _assign(rows, ids, (s for s in word.spellings if s not in known), known[word.senses[0]])
    for number, word in enumerate(own):
        _assign(rows, ids, word.spellings, len(known) + number)
    _assign(rows, ids, function_words, len(known) + len(own))
    return FrenchVocabulary(
        settings=settings,
        english_ids=len(known),
        row=rows,
        evidence=_compute_evidence(ids, rows, common, english=english_words, known=len(known)),
        is_piece=np.array([token.startswith("##") for token in ids]),
        words=own,
        same=sum(map(_is_english_phrase, own)),
    )


def _is_shared(word: FrenchWord, known: dict[str, int]) -> bool:
    """ "kimono": its English row serves both languages, plural and all."""
    return word.senses[0] in word.spellings and word.senses[0] in known and len(word.senses) == 1


def _is_english_phrase(word: FrenchWord) -> bool:
    return word.senses[0] in word.spellings and not word.senses[0].isalpha()


def _list_spellings(words: Iterable[FrenchWord]) -> Iterator[str]:
    for word in words:
        yield from word.spellings


def _assign(
    rows: npt.NDArray[np.int32], ids: dict[str, int], spellings: Iterable[str], row: int
) -> None:
    rows[[ids[spelling] for spelling in spellings]] = row


def _extend_tokenizer(english: dict[str, Any], spellings: Iterable[str]) -> dict[str, Any]:
    """Returns tokenizer.json with every missing spelling as a token that matches whole words only.

    They are not in WordPiece's vocabulary: there "malle" would take the head off "mallet".
    """
    settings = copy.deepcopy(english)
    known: dict[str, int] = settings["model"]["vocab"]
    new = [spelling for spelling in dict.fromkeys(spellings) if spelling not in known]
    settings["added_tokens"] += [
        _make_added_token(spelling, len(known) + place) for place, spelling in enumerate(new)
    ]
    settings["normalizer"] = {
        "type": "Sequence",
        "normalizers": [
            {"type": "NFC"},
            {"type": "Replace", "pattern": {"Regex": _TEA}, "content": TEA},
            *(_make_replacement(sign, letters) for sign, letters in LIGATURES.items()),
            *(_make_replacement(sign.upper(), letters) for sign, letters in LIGATURES.items()),
            settings["normalizer"],
        ],
    }
    return settings


def _make_replacement(sign: str, letters: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"String": sign}, "content": letters}


def _make_added_token(content: str, token_id: int) -> dict[str, Any]:
    sides = {"single_word": True, "lstrip": False, "rstrip": False}
    return {"id": token_id, "content": content, **sides, "normalized": True, "special": False}


def _list_ids(settings: dict[str, Any]) -> dict[str, int]:
    """Returns token -> id, in the order of ids."""
    ids = settings["model"]["vocab"] | {t["content"]: t["id"] for t in settings["added_tokens"]}
    return dict(sorted(ids.items(), key=lambda item: item[1]))


def _compute_evidence(
    ids: dict[str, int],
    rows: npt.NDArray[np.int32],
    words: LanguageWords,
    *,
    english: set[str],
    known: int,
) -> Floats:
    """Returns zero for names, signs, pieces, and words that mean the same in both languages."""
    evidence = np.zeros(len(ids), np.float32)
    for token, number in ids.items():
        if token in words.english:
            evidence[number] = 2 * ENGLISH
        elif token in words.silent or (number >= known and token not in words.neutral):
            evidence[number] = FRENCH
        elif rows[number] != number and token not in words.neutral:
            is_first = token in words.french_first
            evidence[number] = PERHAPS_FRENCH if is_first else PERHAPS_ENGLISH
        elif token in english:
            evidence[number] = ENGLISH
    return evidence
