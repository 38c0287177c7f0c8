"""Renders the report of a manifest as a Markdown page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model_export.markdown import describe_machine, render_table

_HEADER = (
    "recipe",
    "mean cosine",
    "lowest",
    "top-10 overlap",
    "R@1 / 5 / 10",
    "ms",
    "MB",
    "gate",
)


def render_report(manifest: Mapping[str, Any]) -> str:
    report = manifest["report"]
    gate = report["gate"]
    parts = [
        f"# {manifest['name']}, {manifest['precision']}",
        _describe_origin(manifest),
        f"Compared on {report['evaluation_set']} and {report['captions']} captions. A recipe "
        f"passes with a mean cosine of at least {gate['mean_cosine']} with float32 and "
        f"{gate['overlap']} of each top 10 unchanged, both one by one and in the app's batches. "
        "The first that passes is chosen; those further down compute more in float32. "
        f"ms: one item, two threads, on this machine ({describe_machine()}).",
    ]
    for name, tower in report["towers"].items():
        difference = report["difference_from_torch"][name]
        parts += [
            f"## {name} tower: {tower['chosen']}",
            f"The float32 graph differs from transformers by {difference:.1e} at most.",
            render_table(_HEADER, [_render_row(trial) for trial in tower["trials"]]),
        ]
    return "\n\n".join(parts) + "\n"


def _describe_origin(manifest: Mapping[str, Any]) -> str:
    source = manifest["source"]
    lines = [
        f"- {kind}: {source[kind]['model']} at {source[kind]['revision']}"
        for kind in ("image", "text")
    ]
    lines += [f"- licence: {manifest['licence']}", f"- made by: `{source['command']}`"]
    if manifest["random_weights"]:
        lines.append(
            "- **Random weights: good for measuring speed, size and memory, not for searching.**"
        )
    return "\n".join(lines)


def _render_row(trial: Mapping[str, Any]) -> list[str]:
    recall = trial["recall"]
    return [
        trial["recipe"],
        f"{trial['cosine_mean']:.4f}",
        f"{trial['cosine_min']:.4f}",
        f"{trial['overlap']:.3f}",
        " / ".join(f"{recall[k]:.1f}" for k in ("at_1", "at_5", "at_10")) if recall else "",
        f"{trial['milliseconds']:.2f}",
        f"{trial['megabytes']:.1f}",
        "passes" if trial["passed"] else "refused",
    ]
