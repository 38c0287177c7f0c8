"""Names, descriptions and hypernyms of the image tower's 1000 ImageNet classes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_export.starter import sources

CLASS_COUNT = 1000
HYPERNYMS_FILE = Path(__file__).parents[1] / "hypernyms.json"
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Lists of 1000, in class order."""

    names: list[str]
    synonyms: list[list[str]]
    descriptions: list[str]  # the name where the package has no description (25 classes)
    hypernyms: list[list[str]]  # empty for about 370 classes


def load_class_names() -> ClassNames:
    names: list[str] = _read(sources.CLEAN_NAMES.locate())
    labels: dict[str, str] = _read(sources.SYNONYMS.locate())
    described: dict[str, dict[str, str]] = _read(sources.DESCRIPTIONS.locate())
    classes = [str(index) for index in range(CLASS_COUNT)]
    return ClassNames(
        names=names,
        synonyms=[[part.strip() for part in labels[key].split(",")] for key in classes],
        descriptions=[
            described[key]["description"] if key in described else names[int(key)]
            for key in classes
        ],
        hypernyms=group_by_class(_read(HYPERNYMS_FILE), names),
    )


def group_by_class(table: dict[str, list[str]], names: list[str]) -> list[list[str]]:
    """Returns the hypernyms of each class, from {hypernym: members}.

    A member is a class name, an index or a range of indices ("7-24").
    """
    by_class: list[list[str]] = [[] for _ in names]
    for hypernym, members in table.items():
        for index in sorted({index for member in members for index in find_members(member, names)}):
            by_class[index].append(hypernym)
    return by_class


def find_members(member: str, names: list[str]) -> list[int]:
    """Returns every class that `member` stands for; two classes may share a name ("missile")."""
    if span := _RANGE.fullmatch(member):
        first, last = int(span[1]), int(span[2] or span[1])
        return list(range(first, last + 1))
    indices = [index for index, name in enumerate(names) if name == member]
    if not indices:
        raise ValueError(f"hypernyms.json: no class is called {member!r}")
    return indices


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
