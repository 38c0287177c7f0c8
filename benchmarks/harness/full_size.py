"""The bundle of the full architecture with random weights, which the hardware cannot tell apart."""

from __future__ import annotations

import argparse
from pathlib import Path

CONFIG = "model_export/configs/clip-vit-base-patch32.json"
BUNDLE = Path("build/clip-vit-base-patch32-random")


def add_bundle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", type=Path, default=BUNDLE, help="%(default)s")


def check_bundle(bundle: Path) -> Path:
    """Ends the program with the command that makes it when it is not there."""
    if not (bundle / "manifest.json").is_file():
        raise SystemExit(
            f"There is no bundle {bundle}. Make it with\n"
            f"  make export ARGS='--random-weights {CONFIG} --out {bundle}'"
        )
    return bundle.resolve()
