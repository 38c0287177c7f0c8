"""Runs the quick tests on every other supported version of Python that this machine has.

``python -m tests.versions``: each version gets an environment of its own below build/, which uv
fills from its cache. For a version that is not here, it checks that all requirements can be had as
wheels; nothing is run on it, and the output says so.
"""

import functools
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from infra.interpreters import find_interpreter
from infra.package import PLATFORM

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements-dev.txt"
ROOMS = ["architecture", "functions", "shared_code", "unit", "workers"]
QUICK = [f"tests/{room}" for room in ROOMS]
UV = [sys.executable, "-m", "uv"]


def list_supported() -> list[str]:
    """Returns the versions that pyproject.toml allows, the oldest first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    first, end = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()
    return [f"3.{minor}" for minor in range(int(first), int(end))]


def prepare(version: str, interpreter: str) -> Path:
    """The interpreter of an environment that has the pinned requirements of now."""
    folder = ROOT / "build" / f"python-{version}"
    installed = folder / "requirements-dev.txt"
    if not installed.exists() or installed.read_bytes() != REQUIREMENTS.read_bytes():
        uv = functools.partial(subprocess.run, check=True)
        uv([*UV, "venv", "--quiet", "--clear", "--python", interpreter, folder])
        uv([*UV, "pip", "install", "--quiet", "--python", folder, "--requirements", REQUIREMENTS])
        shutil.copy(REQUIREMENTS, installed)
    return folder / "bin" / "python"


def resolve(version: str) -> subprocess.CompletedProcess[str]:
    """Looks whether every pinned requirement has a wheel for this version, on Azure's Linux."""
    command = [*UV, "pip", "install", "--dry-run", "--only-binary", ":all:"]
    command += ["--python-version", version, "--python-platform", PLATFORM]
    command += ["--target", str(ROOT / "build" / f"resolved-{version}")]
    command += ["--requirements", str(REQUIREMENTS)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def check(version: str) -> bool:
    """Prints one line about this version, and the whole output where it failed."""
    interpreter = find_interpreter(version)
    if interpreter is None:
        done = resolve(version)
        line = "not on this machine; its requirements resolve, nothing was run"
    else:
        python = prepare(version, interpreter)
        command = [python, "-m", "pytest", "-q", *QUICK]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        line = done.stdout.strip().rpartition("\n")[2]
    if done.returncode:
        print(f"Python {version} failed:\n{done.stdout}{done.stderr}", flush=True)
    else:
        print(f"Python {version}: {line}", flush=True)
    return done.returncode == 0


def main() -> int:
    current = f"3.{sys.version_info.minor}"
    others = [version for version in list_supported() if version != current]
    return 0 if all([check(version) for version in others]) else 1


if __name__ == "__main__":
    sys.exit(main())
