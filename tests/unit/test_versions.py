"""Which versions of Python the project supports, and how it finds those that start here."""

import re
import sys

import pytest

from infra.interpreters import find_interpreter
from tests.versions import ROOT, list_supported

OTHER = "3.97"
"""No machine has it."""


def test_one_range_of_versions_everywhere():
    first, *_, last = list_supported()
    makefile = (ROOT / "Makefile").read_text()
    [names] = re.findall(r"^PYTHON \?= \$\(call find_python,11,14,(.*)\)$", makefile, re.MULTILINE)
    assert names.split() == [f"python{version}" for version in list_supported()]
    for name in ("README.md", "docs/deploy.md", "docs/operations.md"):
        text = (ROOT / name).read_text()
        assert f"Python {first} to {last}" in text, name


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Places a program on a path that holds nothing else."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def write(name, script):
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return write


def test_the_running_interpreter_is_good_for_its_own_version(place):
    assert find_interpreter(f"3.{sys.version_info.minor}") == sys.executable


def test_an_interpreter_is_found_by_running_it(place):
    assert find_interpreter(OTHER) is None
    python = place(f"python{OTHER}", f"echo {OTHER}")
    assert find_interpreter(OTHER) == str(python)


@pytest.mark.parametrize("script", ["echo 'command not found' >&2; exit 127", "echo 3.10"])
def test_a_program_that_does_not_start_or_is_of_another_version_is_none(place, script):
    place(f"python{OTHER}", script)
    assert find_interpreter(OTHER) is None


def test_what_pyenv_has_but_does_not_switch_on_is_found(place, tmp_path):
    place(f"python{OTHER}", "exit 127")
    place("pyenv", f"echo {tmp_path}/root")
    python = place(f"root/versions/{OTHER}.1/bin/python", f"echo {OTHER}")
    place("root/versions/3.9.18/bin/python", "exit 127")
    assert find_interpreter(OTHER) == str(python)
