"""What every benchmark's table says: on what it was measured, and by which command."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def arguments(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    return parser


def machine() -> str:
    """Processor, usable cores, Python: enough to read a figure, nothing that names a host."""
    model = platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass  # not Linux: the architecture has to do
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores of {model}, Python {platform.python_version()}"


def publish(title: str, body: str, out: Path | None, *, origin: str | None = None) -> None:
    """Prints the report and, when asked, writes it as Markdown.

    ``origin``: where and how the figures were measured, if not here and now; they were computed.
    """
    module = sys.modules["__main__"].__spec__
    command = f"python -m {module.name}" if module else f"python {sys.argv[0]}"
    command = " ".join([command, *_without_out(sys.argv[1:])])
    how = f"Measured on {machine()}, by `{command}`."
    if origin is not None:
        how = f"{origin} Computed from that by `{command}`."
    text = f"# {title}\n\n{body}\n\n{how}\n"
    sys.stdout.write(text)
    if out is not None:
        out.write_text(text)


def _without_out(arguments: Sequence[str]) -> Iterator[str]:
    """Of the command line, what decides the figures."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--out":
            next(rest, None)
        elif not argument.startswith("--out="):
            yield argument


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
