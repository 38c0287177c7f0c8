"""French queries for the evaluation, and the English ones they translate. Nothing learns from them.

`french/queries/stamps.tsv` holds translations of the captions of the test half that have at most
eight words; longer ones are sentences, not queries. The glossary was written before these captions
were read, and since then no word was added and no sense changed. Keep it so, or translate other
captions: a query for which the glossary was written measures nothing.
"""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass
from pathlib import Path

from model_export.starter.evaluation.stamps import Stamp
from model_export.starter.french.glossary import load_glossary
from model_export.starter.french.inflection import fold_spelling
from model_export.starter.french.words import list_spellings

FOLDER = Path(__file__).parents[2] / "french" / "queries"
_BEFORE_THE_NOUN = re.compile(r"(?:une paire de |une |un |des |les |la |le |l')")


@dataclass(frozen=True, slots=True)
class TranslatedQuery:
    english: str
    french: str
    key: str  # of the right stamps


def load_stamp_queries(stamps: list[Stamp]) -> list[TranslatedQuery]:
    """Returns a query per translated caption whose picture is in `stamps`."""
    by_place = {stamp.place: stamp for stamp in stamps}
    return [
        TranslatedQuery(stamp.query, row["french"], stamp.key)
        for row in read_rows("stamps.tsv")
        if (stamp := by_place.get(row["stamp"])) is not None
    ]


def translate_tint_query(tinted: str) -> str:
    """ "red handbag" -> "sac à main rouge"."""
    colour, _, noun = tinted.partition(" ")
    thing = next(row for row in read_rows("objects.tsv") if row["english"] == noun)
    tint = next(row for row in read_rows("tints.tsv") if row["english"] == colour)
    agreed = tint["masculine" if thing["gender"] == "m" else "feminine"]
    return f"{thing['french']} {agreed}"


def is_glossary_entry(query: str) -> bool:
    """Returns whether the query, apart from its article, is a whole entry in any form."""
    return _BEFORE_THE_NOUN.sub("", fold_spelling(query), count=1) in _list_spellings_of_entries()


@functools.cache
def _list_spellings_of_entries() -> frozenset[str]:
    forms = (form for entry in load_glossary() for form in entry.forms)
    return frozenset(spelling for form in forms for spelling in list_spellings(form))


@functools.cache
def read_rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
