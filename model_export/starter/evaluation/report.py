"""The evaluation's figures as a Markdown page."""

from __future__ import annotations

import os
import platform
from typing import Any

from model_export.starter.evaluation.colour_test import TINTS
from model_export.starter.evaluation.french.report import former_section, french_section

_HEAD = "| queries over pictures | R@1 | R@5 | R@10 | median rank | queries | pictures |"
_RULE = "|---|---|---|---|---|---|---|"


def as_markdown(report: dict[str, Any], command: str) -> str:
    lines = [
        "# Starter bundle: what it finds",
        "",
        f"Set: {report['eval_set']}.",
        "A query is a stamp's caption (its first sentence), each distinct caption once; a hit is",
        "any stamp with that caption in the first k. The recipe's numbers were chosen on the",
        "captions outside the test half; the study behind it saw the results of both halves.",
        "",
        f"    {command}",
        "",
        f"Machine: {machine_kind()}.",
        "",
        _HEAD,
        _RULE,
        *(_recall_row(name, figures) for name, figures in report["retrieval"].items()),
        _recall_row(_colour_title(report["colour"]["pictures"]), report["colour"]),
        "",
        *(f"- {line}" for line in _single_figures(report)),
        "",
        *french_section(report["french"], report.get("former", {}).get("french")),
    ]
    if "former" in report:
        lines += ["", *former_section(report)]
    return "\n".join(lines) + "\n"


def machine_kind() -> str:
    """Enough to read the timings by; no host name."""
    return f"{os.cpu_count()}-core {platform.machine()} virtual machine, {platform.system()}"


def _colour_title(pictures: int) -> str:
    return f"colour: {pictures // len(TINTS)} objects x {len(TINTS)} tints"


def _recall_row(name: str, figures: dict[str, Any]) -> str:
    cells = ("at_1", "at_5", "at_10", "median_rank", "queries", "pictures")
    return f"| {name} | " + " | ".join(f"{figures[cell]:g}" for cell in cells) + " |"


def _single_figures(report: dict[str, Any]) -> list[str]:
    neighbours, scores = report["nearest_picture_same_caption"], report["scores"]
    milliseconds = report["milliseconds"]
    lines = [
        'Category queries (such as "fruit"): precision at 10 '
        f"{report['category_precision_at_10']:g}.",
        f"Picture to picture: {neighbours['percent']:g} % of the {neighbours['pictures']} objects"
        " with a twin (same caption) have one as their nearest neighbour.",
        f"Median cosine, objects: {scores['match']:g} for right pairs,"
        f" {scores['unrelated']:g} for all others.",
        f"One at a time, two threads: {milliseconds['image']:g} ms a picture with preprocessing,"
        f" {milliseconds['query']:g} ms a query.",
    ]
    if "int8_vs_float32" in report:
        same = report["int8_vs_float32"]
        lines.append(
            f"int8 against float32, cosine: pictures {same['image_cosine_mean']:.4f} mean,"
            f" {same['image_cosine_min']:.4f} lowest; texts {same['text_cosine_mean']:.4f} mean,"
            f" {same['text_cosine_min']:.4f} lowest."
        )
    return lines
