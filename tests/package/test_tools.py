"""What `make package` installs before it packs: azd up waits for it."""

import re
import shutil
import subprocess
import sys

import pytest

from devhost import ROOT

FAKE_PYTHON = """#!/bin/sh
# makes no environment and installs nothing; writes down what it is told
case "$*" in
  "-m venv"*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  *"-m pip install"*) cat >> installed ;;
  "-m infra.package"*) echo "packed with $*" ;;
  *) exec {python} "$@" ;;
esac
"""


@pytest.fixture
def tree(tmp_path):
    for name in ("Makefile", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "python-for-packaging"
    python.write_text(FAKE_PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    return tmp_path


def make_package(tree):
    command = ["make", "package", f"PYTHON={tree}/python-for-packaging", "ARGS=--python 3.12"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout


def test_packaging_installs_its_two_tools_at_the_pinned_versions_and_once(tree):
    assert "packed with -m infra.package --python 3.12" in make_package(tree)
    pinned = (ROOT / "requirements-dev.txt").read_text()
    lines = re.findall(r"^(?:uv|pathspec)==\S+$", pinned, re.MULTILINE)
    assert len(lines) == 2
    assert (tree / "installed").read_text().split() == lines
    assert "packed with" in make_package(tree)
    assert (tree / "installed").read_text().split() == lines
    assert not (tree / ".venv").exists()


def test_the_tools_are_all_that_packaging_imports():
    """uv is run, not imported. pathspec uses typing_extensions if it is there."""
    site = next(path for path in sys.path if path.endswith("site-packages"))
    program = """
import importlib.util, sys
before = set(sys.modules)
import infra.package
names = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(name for name in names if name not in sys.stdlib_module_names))
"""
    process = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONPATH": site},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(process.stdout.split()) - {"typing_extensions"} == {"infra", "pathspec"}
