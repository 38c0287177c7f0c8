"""The names in the dashboard's JavaScript are those of the field, not of a private language."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.local_services import find_node, skip_without

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
SCRIPT = Path(__file__).with_name("declared_names.cjs")

PRIVATE_WORDS = {"found", "asked", "said", "given", "came", "told", "kept", "sought"}
NO_VERBS = {"taken", "drawn", "shown", "sent", "made", "held", "says", "heard"}
VERBS_IN_ED_OR_ING = {"embed", "feed", "seed", "bring", "ping", "string"}

NO_PRIVATE_WORDS = (
    "No variable, parameter, property, function or translation key is called by a participle of "
    "the private language: say what it holds or does."
)
FUNCTIONS_BEGIN_WITH_A_VERB = "Functions begin with a verb, not with a participle."


@dataclass(frozen=True)
class DeclaredName:
    file: str
    line: int
    kind: str
    name: str

    @property
    def words(self) -> list[str]:
        """The words of the name: ``savedIsFound``, ``saved.is_found`` and ``saved-is-found``."""
        return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", self.name)]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind} {self.name}"


def declared_names(files: list[Path]) -> list[DeclaredName]:
    """Reads the declarations from TypeScript's syntax tree, so prose and strings do not count."""
    if not (ROOT / "node_modules" / "typescript").exists():
        skip_without("TypeScript", "python -m tests.local_services install")
    done = subprocess.run(
        [find_node(), SCRIPT, *files], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [DeclaredName(**name) for name in json.loads(done.stdout)]


def has_private_word(name: DeclaredName) -> bool:
    return not PRIVATE_WORDS.isdisjoint(name.words)


def is_participle(name: DeclaredName) -> bool:
    first = name.words[0] if name.words else ""
    in_ed_or_ing = first.endswith(("ed", "ing")) and first not in VERBS_IN_ED_OR_ING
    return name.kind == "function" and (first in NO_VERBS or in_ed_or_ing)


def refuse(names: list[DeclaredName], sentence: str) -> None:
    places = "\n".join(str(name) for name in names)
    assert not names, f"{sentence}\n{places}"


@pytest.fixture(scope="module")
def dashboard_names() -> list[DeclaredName]:
    """The names of every script but those that others wrote (``web/vendor``)."""
    files = [file.relative_to(ROOT) for file in sorted(WEB.rglob("*.js"))]
    names = declared_names([file for file in files if "vendor" not in file.parts])
    assert len(names) > 1000
    return names


def test_no_name_is_a_word_of_the_private_language(dashboard_names):
    refuse([name for name in dashboard_names if has_private_word(name)], NO_PRIVATE_WORDS)


def test_functions_begin_with_a_verb(dashboard_names):
    refuse([name for name in dashboard_names if is_participle(name)], FUNCTIONS_BEGIN_WITH_A_VERB)


def test_every_kind_of_declaration_is_read(tmp_path):
    """The check itself: each line declares a private word once, but for the last three."""
    script = tmp_path / "sample.js"
    script.write_text(
        """const found = 1;
function asked() {}
const read = (said) => said;
const { given } = {}, [came] = [];
class Sample { told() {} kept = 1; read() { this.sought = 1; } }
const options = { found, "is_asked.twice": 1, said: () => 1 };
import { given as other, lastKept } from "./other.js";
// found, asked and said in a comment
const text = "given";
const foundation = `kept`;
"""
    )
    private = [name for name in declared_names([script]) if has_private_word(name)]
    assert [(name.line, name.name) for name in private] == [
        *((1, "found"), (2, "asked"), (3, "said"), (4, "given"), (4, "came")),
        *((5, "told"), (5, "kept"), (5, "sought")),
        *((6, "found"), (6, "is_asked.twice"), (6, "said")),
        (7, "lastKept"),
    ]
    with pytest.raises(AssertionError, match=r"private language.*\n.*sample.js:1: variable found"):
        refuse(private, NO_PRIVATE_WORDS)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("answered", True),
        ("convertedValue", True),
        ("taken", True),
        ("embedPicture", False),
        ("renderCard", False),
    ],
)
def test_a_participle_is_no_verb(name, refused):
    assert is_participle(DeclaredName("sample.js", 1, "function", name)) is refused
    assert not is_participle(DeclaredName("sample.js", 1, "variable", name))
