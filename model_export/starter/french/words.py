"""French words as the text tower reads them: what is spelt alike without accents is one word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from model_export.starter.french.glossary import Entry
from model_export.starter.french.inflection import fold_spelling

WORDS_FILE = Path(__file__).with_name("words.json")
TEA = "tea"


@dataclass(frozen=True, slots=True)
class FrenchWord:
    """A word or phrase: every folded spelling, and its senses in English."""

    spellings: tuple[str, ...]
    senses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """The content of words.json."""

    silent: frozenset[str]
    neutral: frozenset[str]
    french_first: frozenset[str]
    english: frozenset[str]

    @property
    def reserved(self) -> frozenset[str]:
        """Spellings that no glossary word gets: "des" is not dice, and "the" is an article."""
        return self.silent | self.neutral | {"the"}


def load_language_words() -> LanguageWords:
    content = json.loads(WORDS_FILE.read_text(encoding="utf-8"))
    del content["about"]
    return LanguageWords(**{name: frozenset(words) for name, words in content.items()})


def build_french_words(entries: Iterable[Entry], reserved: frozenset[str]) -> list[FrenchWord]:
    """Returns a word per folded base; a spelling goes to the word with that base, or the first.

    `reserved` spellings go to none.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(fold_spelling(entry.base), []).append(entry)
    base_of = {base: base for base in groups}
    for base, group in groups.items():
        for spelling in _list_spellings(group):
            base_of.setdefault(spelling, base)
    owned: dict[str, list[str]] = {base: [] for base in groups}
    for spelling, base in base_of.items():
        if spelling not in reserved:
            owned[base].append(spelling)
    return [
        FrenchWord(tuple(spellings), _list_senses(groups[base]))
        for base, spellings in owned.items()
        if spellings
    ]


def _list_senses(group: list[Entry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sense for entry in group for sense in entry.senses))


def _list_spellings(group: list[Entry]) -> Iterator[str]:
    for entry in group:
        for form in entry.forms:
            yield from list_spellings(form)


def list_spellings(form: str) -> Iterator[str]:
    """Yields the spellings that a customer may type: "lave-linge" and "lave linge"."""
    for spelling in (form, form.replace("thé", TEA)) if "thé" in form.split() else (form,):
        yield fold_spelling(spelling)
        yield fold_spelling(spelling).replace("-", " ")
