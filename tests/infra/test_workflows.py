"""The workflows for GitHub: by its schema, by zizmor, and pinned to commits."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from devhost import ROOT

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


FAKE_GH = """#!/bin/sh
# gh release download TAG --pattern NAME --output FILE
[ "$1 $2 $3 $4 $5" = "release download model-1 --pattern models.tar.gz" ] || exit 1
cp "$BUNDLE" "$7"
"""


def deploy_step(name):
    """Returns the step of the deploy workflow whose name begins so."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())
    steps = workflow["jobs"]["deploy"]["steps"]
    [step] = [step for step in steps if step.get("name", "").startswith(name)]
    return step


def test_the_deploy_workflow_packs_the_model_bundle_of_a_release(tmp_path):
    """Made as docs/deploy.md says, fetched as the workflow does."""
    (tmp_path / "exported" / "models" / "mine").mkdir(parents=True)
    shutil.copy(
        ROOT / "models" / "starter" / "manifest.json", tmp_path / "exported" / "models" / "mine"
    )
    with tarfile.open(tmp_path / "models.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "exported" / "models" / "mine", "mine")
    (tmp_path / "gh").write_text(FAKE_GH)
    (tmp_path / "gh").chmod(0o755)
    checkout = tmp_path / "checkout"
    (checkout / "models").mkdir(parents=True)
    step = deploy_step("Fetch the model bundle")
    subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=checkout,
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "BUNDLE": str(tmp_path / "models.tar.gz"),
            "MODEL_RELEASE": "model-1",
        },
        check=True,
    )
    assert (checkout / "models" / "mine" / "manifest.json").is_file()


def test_the_deploy_workflow_stops_for_a_model_that_was_not_fetched():
    """infra/package.py does, by the setting that the workflow hands over."""
    assert deploy_step("Package")["env"]["MODEL_DIR"] == "${{ vars.MODEL_DIR }}"
    assert "make package" in deploy_step("Package")["run"]
    docs = (ROOT / "docs" / "deploy.md").read_text()
    assert "tar -czf models.tar.gz -C models" in docs
    assert "gh release create model-1 models.tar.gz" in docs
