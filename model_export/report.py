"""A manifest's report as a page for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.harness.report import machine, table

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


def as_markdown(manifest: Mapping[str, Any]) -> str:
    report = manifest["report"]
    gate = report["gate"]
    parts = [
        f"# {manifest['name']}, {manifest['precision']}",
        _origin(manifest),
        f"Judged on {report['evaluation_set']} and {report['captions']} captions. A recipe passes "
        f"with a mean cosine of at least {gate['mean_cosine']} with float32 and {gate['overlap']} "
        "of each top 10 kept, alone and in the app's batches, whichever is worse; the first that "
        "passes is chosen: they stand in the order of how little stays float32. ms: one item, two "
        f"threads, here ({machine()}).",
    ]
    for name, tower in report["towers"].items():
        difference = report["difference_from_torch"][name]
        parts += [
            f"## {name} tower: {tower['chosen']}",
            f"The float32 graph differs from transformers by {difference:.1e} at most.",
            table(_HEADER, [_row(trial) for trial in tower["trials"]]),
        ]
    return "\n\n".join(parts) + "\n"


def _origin(manifest: Mapping[str, Any]) -> str:
    source = manifest["source"]
    lines = [
        f"- {kind}: {source[kind]['model']} at {source[kind]['revision']}"
        for kind in ("image", "text")
    ]
    lines += [f"- licence: {manifest['licence']}", f"- made by: `{source['command']}`"]
    if manifest["random_weights"]:
        lines.append("- **Random weights: for speed, size and memory only. It finds nothing.**")
    return "\n".join(lines)


def _row(trial: Mapping[str, Any]) -> list[str]:
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
