"""Starts the packaged app as Azure does: unpacked into an empty folder, with no other packages.

The program that runs in it is serving.py, which prints what it measured as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qdrant_edge

from devhost import ROOT
from tests.twins.qdrant_server import running_qdrant_server

PROGRAM = Path(__file__).with_name("serving.py")


@dataclass(frozen=True, slots=True)
class MeasuredApp:
    """The app to start: a package, or None for this working tree with its warm caches."""

    package: Path | None
    bytecode: bool = True

    @contextmanager
    def folder(self) -> Iterator[Path]:
        if self.package is None:
            yield ROOT
            return
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(self.package) as archive:
                archive.extractall(folder)
            if not self.bytecode:
                for compiled in Path(folder).rglob("__pycache__"):
                    shutil.rmtree(compiled)
            yield Path(folder)

    @property
    def flags(self) -> list[str]:
        """``-B``: no bytecode is written, since in Azure the package is mounted read-only."""
        return ["-I", "-B"] if self.package is None else ["-I", "-S", "-B"]


def add_package_argument(parser: argparse.ArgumentParser) -> None:
    default = Path("build/app.zip")
    parser.add_argument("--package", type=Path, default=default, help="%(default)s")


def check_package(package: Path) -> Path:
    """Returns its full path. If it is missing, ends the program with the command that makes it."""
    if not package.is_file():
        raise SystemExit(f"There is no package {package}. Make it with `make package`.")
    return package.resolve()


@contextmanager
def make_cloud_environment(bundle: Path) -> Iterator[dict[str, str]]:
    """Yields the settings of a deployed app: a Qdrant server, and storage that is not called."""
    with tempfile.TemporaryDirectory() as folder, running_qdrant_server() as qdrant:
        storage = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
        yield {**_make_base_environment(bundle, folder), **storage, "QDRANT_URL": qdrant.url}


@contextmanager
def make_embedded_environment(bundle: Path) -> Iterator[dict[str, str]]:
    """Yields settings with the embedded engine, which is not in the package, on the path."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Path(folder) / "engine"
        shutil.copytree(Path(qdrant_edge.__file__).parent, engine / "qdrant_edge")
        yield {**_make_base_environment(bundle, folder), "ENGINE": str(engine)}


def _make_base_environment(bundle: Path, folder: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "MODEL_DIR": str(bundle), "LOCAL_DIR": folder}


def measure_first_answer(app: MeasuredApp, environment: Mapping[str, str]) -> float:
    """Returns seconds from the start of the process until its first search is answered."""
    with app.folder() as folder:
        started = time.perf_counter()
        with _start(app, folder, environment, "search") as process:
            assert process.stdout is not None  # noqa: S101  # a pipe was requested
            line = process.stdout.readline()
            seconds = time.perf_counter() - started
        if not line:
            raise RuntimeError("the search was not answered")
        return seconds


def run_step(
    app: MeasuredApp, environment: Mapping[str, str], step: str, *arguments: str
) -> list[dict[str, Any]]:
    """Runs one step of serving.py and returns what it prints."""
    with app.folder() as folder:
        with _start(app, folder, environment, step, *arguments) as process:
            output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError("the serving process failed")
        return [json.loads(line) for line in output.splitlines()]


@contextmanager
def _start(
    app: MeasuredApp, folder: Path, environment: Mapping[str, str], step: str, *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, *app.flags, str(PROGRAM), str(folder), step, *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield process
