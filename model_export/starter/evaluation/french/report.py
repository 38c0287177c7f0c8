"""The French part of the evaluation's page: French next to English, now and before."""

from __future__ import annotations

from typing import Any

_TITLES = {
    "captions": "captions of the test half, at most 8 words",
    "captions, no glossary entry": "of these, no whole glossary entry",
    "colour": "colour: objects x tints",
}
_ABOUT = (
    "R@1 / R@5 / R@10 of the same queries in both languages on the same pictures. The captions",
    "were translated for this page after the glossary was written; since then no word was added to",
    "it and no sense changed. A whole glossary entry is a query that, apart from its article, is a",
    'line of the glossary ("un merle"), as if learnt by heart. Samples: the 120 products of',
    "`samples/`, whose French is older than the glossary. The glossary's author had seen six of",
    "them and the names of the tinted objects, but no caption.",
)
_DEPTHS = ("at_1", "at_5", "at_10")


def render_french_section(french: dict[str, Any], former: dict[str, Any] | None) -> list[str]:
    """`former` are the same figures of another bundle."""
    sides = [("English", "english", french), ("French", "french", french)]
    if former:
        sides.append(("French before", "french", former))
    return [
        "## French",
        "",
        *_ABOUT,
        "",
        "| queries | " + " | ".join(title for title, _, _ in sides) + " | number |",
        "|---" * (len(sides) + 2) + "|",
        *(_render_row(name, sides) for name in french["retrieval"]),
        "",
        "- A French query in capitals has a cosine of at least"
        f" {french['typing']['capitals']:g} to itself, without accents"
        f" {french['typing']['no_accents']:g}.",
    ]


def render_former_section(report: dict[str, Any]) -> list[str]:
    """Renders the English figures of both bundles, to show what was gained or lost."""
    now, before = _select_english(report), _select_english(report["former"])
    return [
        "## English before",
        "",
        "R@1 / R@5 / R@10. Before: the bundle whose `text.onnx` has the sha256"
        f" {report['former']['text_sha256'][:12]}….",
        "",
        "| queries over pictures | before | now |",
        "|---|---|---|",
        *(
            f"| {name} | {_format_recalls(before[name])} | {_format_recalls(now[name])} |"
            for name in now
        ),
    ]


def _select_english(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    samples = {
        name: sides["english"]
        for name, sides in report["french"]["retrieval"].items()
        if name.startswith("samples")
    }
    return {**report["retrieval"], "colour": report["colour"], **samples}


def _render_row(name: str, sides: list[tuple[str, str, dict[str, Any]]]) -> str:
    cells = [_format_recalls(figures["retrieval"][name][side]) for _, side, figures in sides]
    number = sides[0][2]["retrieval"][name]["english"]["queries"]
    return f"| {_TITLES.get(name, name)} | " + " | ".join(cells) + f" | {number} |"


def _format_recalls(figures: dict[str, float]) -> str:
    return " / ".join(f"{figures[depth]:g}" for depth in _DEPTHS)
