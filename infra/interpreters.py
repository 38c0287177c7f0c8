"""Finds an installed Python of a given version, such as ``3.12``, that really starts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def find_interpreter(version: str) -> str | None:
    """Returns the first that starts and is of this version; None where there is none."""
    return next((path for path in _list_candidates(version) if read_version(path) == version), None)


def read_version(interpreter: str) -> str:
    """Returns ``3.12``, or nothing where it does not start: a version manager puts names on the
    path for versions that it does not have."""
    show = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        run = subprocess.run([interpreter, "-c", show], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return run.stdout.strip()


def _list_candidates(version: str) -> Iterator[str]:
    """Yields this one, what is on the path, and what uv and pyenv keep off it."""
    yield sys.executable
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    if by_uv := _read_output(
        sys.executable, "-m", "uv", "python", "find", "--managed-python", version
    ):
        yield by_uv
    if shutil.which("pyenv") and (root := _read_output("pyenv", "root")):
        yield from map(str, sorted(Path(root).glob(f"versions/{version}.*/bin/python")))


def _read_output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
