"""The French glossary: shop words and phrases with the English that teaches them.

`entries/*.tsv`, written for this project: french, kind (see `inflection.py`), english. A second
sense stands after a slash ("moule" -> "mold / mussel") and weighs the same.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model_export.starter.french.inflection import KINDS, NOUN_KINDS, inflect

FOLDER = Path(__file__).with_name("entries")


@dataclass(frozen=True, slots=True)
class Entry:
    forms: tuple[str, ...]  # with accents, the base first
    kind: str
    senses: tuple[str, ...]  # English, lower case

    @property
    def base(self) -> str:
        return self.forms[0]

    @property
    def is_noun(self) -> bool:
        return self.kind in NOUN_KINDS


@functools.cache
def load_glossary(folder: Path = FOLDER) -> tuple[Entry, ...]:
    """Raises ValueError for a line that is not an entry, or that repeats a base."""
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.tsv")):
        for number, entry in _read(path):
            if entries.setdefault(entry.base, entry) is not entry:
                raise ValueError(f"{path.name}:{number}: {entry.base!r} is in the glossary already")
    return tuple(entries.values())


def _read(path: Path) -> Iterator[tuple[int, Entry]]:
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(lines)
        for number, fields in enumerate(lines, start=2):
            if len(fields) != 3 or not all(fields) or fields[1] not in KINDS:
                raise ValueError(f"{path.name}:{number}: expected french, kind and english")
            french, kind, english = fields
            senses = tuple(sense.strip().lower() for sense in english.split("/"))
            yield number, Entry(tuple(inflect(french, kind)), kind, senses)
