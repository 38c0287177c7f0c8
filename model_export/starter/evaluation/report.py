"""The evaluation's figures as a Markdown page."""

from __future__ import annotations

import os
import platform
from typing import Any

from model_export.starter.evaluation.colour_check import TINTS
from model_export.starter.evaluation.french.report import (
    render_former_section,
    render_french_section,
)

_HEAD = "| queries over pictures | R@1 | R@5 | R@10 | median rank | queries | pictures |"
_RULE = "|---|---|---|---|---|---|---|"


def render_page(report: dict[str, Any], command: str) -> str:
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
        f"Machine: {describe_machine_kind()}.",
        "",
        _HEAD,
        _RULE,
        *(_render_recall_row(name, figures) for name, figures in report["retrieval"].items()),
        _render_recall_row(_format_colour_title(report["colour"]["pictures"]), report["colour"]),
        "",
        *(f"- {line}" for line in _list_single_figures(report)),
        "",
        *render_french_section(report["french"], report.get("former", {}).get("french")),
    ]
    if "former" in report:
        lines += ["", *render_former_section(report)]
    return "\n".join(lines) + "\n"


def describe_machine_kind() -> str:
    """Returns what matters for the timings, without a host name."""
    return f"{os.cpu_count()}-core {platform.machine()} virtual machine, {platform.system()}"


def _format_colour_title(pictures: int) -> str:
    return f"colour: {pictures // len(TINTS)} objects x {len(TINTS)} tints"


def _render_recall_row(name: str, figures: dict[str, Any]) -> str:
    cells = ("at_1", "at_5", "at_10", "median_rank", "queries", "pictures")
    return f"| {name} | " + " | ".join(f"{figures[cell]:g}" for cell in cells) + " |"


def _list_single_figures(report: dict[str, Any]) -> list[str]:
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
