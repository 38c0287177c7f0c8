"""French queries for the evaluation, beside the English ones they translate; nothing learns them.

`french/queries/stamps.tsv` says in French what a stamp's caption says: the captions of the test
half of at most eight words (longer ones are sentences, no queries). The glossary was written before
these captions were read; since then no word was added or given another sense. Keep it so, or
translate other captions: a query that the glossary was written for measures nothing.
"""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass
from pathlib import Path

from model_export.starter.evaluation.stamps import Stamp
from model_export.starter.french.glossary import load_glossary
from model_export.starter.french.inflection import folded
from model_export.starter.french.words import spellings

FOLDER = Path(__file__).parents[2] / "french" / "queries"
_BEFORE_THE_NOUN = re.compile(r"(?:une paire de |une |un |des |les |la |le |l')")


@dataclass(frozen=True, slots=True)
class Translated:
    english: str
    french: str
    key: str  # of the stamps that answer it


def stamp_queries(stamps: list[Stamp]) -> list[Translated]:
    """One per translated caption of which `stamps` has the picture."""
    by_place = {stamp.place: stamp for stamp in stamps}
    return [
        Translated(stamp.query, row["french"], stamp.key)
        for row in rows("stamps.tsv")
        if (stamp := by_place.get(row["stamp"])) is not None
    ]


def in_french(tinted: str) -> str:
    """ "red handbag" -> "sac à main rouge"."""
    colour, _, noun = tinted.partition(" ")
    thing = next(row for row in rows("objects.tsv") if row["english"] == noun)
    tint = next(row for row in rows("tints.tsv") if row["english"] == colour)
    agreed = tint["masculine" if thing["gender"] == "m" else "feminine"]
    return f"{thing['french']} {agreed}"


def is_glossary_entry(query: str) -> bool:
    """Whether the query, but for its article, is an entry as a whole, in any form."""
    return _BEFORE_THE_NOUN.sub("", folded(query), count=1) in _entries()


@functools.cache
def _entries() -> frozenset[str]:
    forms = (form for entry in load_glossary() for form in entry.forms)
    return frozenset(spelling for form in forms for spelling in spellings(form))


@functools.cache
def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
