"""The French part of the evaluation's page: French beside English, now and before."""

from __future__ import annotations

from typing import Any

_TITLES = {
    "captions": "captions of the test half, at most 8 words",
    "captions, no glossary entry": "of these, no glossary entry as a whole",
    "colour": "colour: objects x tints",
}
_ABOUT = (
    "R@1 / R@5 / R@10 of the same questions in both languages over the same pictures. The captions",
    "were translated for this page after the glossary was written, which has had no word added or",
    "given another sense since. A glossary entry as a whole is a query that, but for its article,",
    'is a line of the glossary ("un merle"), as if learnt by heart. Samples: the 120 products of',
    "`samples/`, whose French is older than the glossary. Who wrote the glossary had seen six of",
    "them and the names of the tinted objects, but no caption.",
)
_DEPTHS = ("at_1", "at_5", "at_10")


def french_section(french: dict[str, Any], former: dict[str, Any] | None) -> list[str]:
    """`former`: the same figures of another bundle."""
    sides = [("English", "english", french), ("French", "french", french)]
    if former:
        sides.append(("French before", "french", former))
    return [
        "## French",
        "",
        *_ABOUT,
        "",
        "| questions | " + " | ".join(title for title, _, _ in sides) + " | number |",
        "|---" * (len(sides) + 2) + "|",
        *(_row(name, sides) for name in french["retrieval"]),
        "",
        "- A French query in capitals has a cosine of at least"
        f" {french['typing']['capitals']:g} to itself, without accents"
        f" {french['typing']['no_accents']:g}.",
    ]


def former_section(report: dict[str, Any]) -> list[str]:
    """What English gained or lost against the former bundle."""
    now, before = _english(report), _english(report["former"])
    return [
        "## English before",
        "",
        "R@1 / R@5 / R@10. Before: the bundle whose `text.onnx` has the sha256"
        f" {report['former']['text_sha256'][:12]}….",
        "",
        "| queries over pictures | before | now |",
        "|---|---|---|",
        *(f"| {name} | {_recalls(before[name])} | {_recalls(now[name])} |" for name in now),
    ]


def _english(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    samples = {
        name: sides["english"]
        for name, sides in report["french"]["retrieval"].items()
        if name.startswith("samples")
    }
    return {**report["retrieval"], "colour": report["colour"], **samples}


def _row(name: str, sides: list[tuple[str, str, dict[str, Any]]]) -> str:
    cells = [_recalls(figures["retrieval"][name][side]) for _, side, figures in sides]
    number = sides[0][2]["retrieval"][name]["english"]["queries"]
    return f"| {_TITLES.get(name, name)} | " + " | ".join(cells) + f" | {number} |"


def _recalls(figures: dict[str, float]) -> str:
    return " / ".join(f"{figures[depth]:g}" for depth in _DEPTHS)
