"""The workflows for GitHub: by its schema, by zizmor, and pinned to commits."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from devhost.child import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def tool(name):
    return str(Path(sys.executable).with_name(name))


def test_they_are_workflows():
    """By GitHub's own schema, which comes with the tool."""
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    subprocess.run([*command, *WORKFLOWS], cwd=ROOT, check=True)


def test_zizmor_finds_nothing():
    """Offline: what it would look up on GitHub is not asked."""
    command = [tool("zizmor"), "--offline", "--quiet", *map(str, WORKFLOWS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(path):
    used = re.findall(r"uses: (\S+)( # v[\d.]+)?", path.read_text())
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) and tag for name, tag in used)
