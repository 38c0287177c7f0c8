"""The bundle of the full architecture. Its weights are random, which changes no time."""

from __future__ import annotations

import argparse
from pathlib import Path

CONFIG = "model_export/configs/clip-vit-base-patch32.json"
BUNDLE = Path("build/clip-vit-base-patch32-random")


def add_bundle_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", type=Path, default=BUNDLE, help="%(default)s")


def check_bundle(bundle: Path) -> Path:
    """Returns its full path. If it is missing, ends the program with the command that makes it."""
    if not (bundle / "manifest.json").is_file():
        raise SystemExit(
            f"There is no bundle {bundle}. Make it with\n"
            f"  make export ARGS='--random-weights {CONFIG} --out {bundle}'"
        )
    return bundle.resolve()
