"""Arguments of a benchmark, and its page of results, which names the machine and the command."""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from model_export.markdown import describe_machine


def make_parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, help="write the page to this file as well")
    return parser


def publish(title: str, body: str, out: Path | None, *, origin: str | None = None) -> None:
    """Prints the report as Markdown, and writes it to ``out`` unless that is None.

    ``origin`` says where and how the figures were measured if they come from an earlier run.
    """
    module = sys.modules["__main__"].__spec__
    command = f"python -m {module.name}" if module else f"python {sys.argv[0]}"
    command = " ".join([command, *_skip_out_option(sys.argv[1:])])
    how = f"Measured on {describe_machine()}, by `{command}`."
    if origin is not None:
        how = f"{origin} Computed from that by `{command}`."
    text = f"# {title}\n\n{body}\n\n{how}\n"
    sys.stdout.write(text)
    if out is not None:
        out.write_text(text)


def _skip_out_option(arguments: Sequence[str]) -> Iterator[str]:
    """Yields the arguments that decide the figures: all but ``--out``."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--out":
            next(rest, None)
        elif not argument.startswith("--out="):
            yield argument


def compute_percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
