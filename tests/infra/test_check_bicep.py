"""The check of the Bicep that CI runs, against a stand-in for the compiler; and the three
deployments that it has the compiler evaluate."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from devhost import ROOT
from tests.bicep import FILES, INFRA, PARSED, default_of

DEPLOYMENTS = sorted((INFRA / "deployments").glob("*.bicepparam"))
FAKE_BICEP = """#!{python}
import json, os, pathlib, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
command, file = sys.argv[1], sys.argv[2]
if f"{{command}} {{file}}" == os.environ.get("FAILS"):
    sys.exit("no such symbol")
if command == "lint" and file == os.environ.get("WARNS"):
    print(f"{{file}}(1,1) : Warning no-unused-vars: Variable is declared but never used.")
if command == "format":
    text = pathlib.Path(file).read_text()
    print(text.replace("{{", "{{ ") if file == os.environ.get("MISLAID") else text, end="")
"""


@pytest.fixture
def check(tmp_path):
    (tmp_path / "bicep").write_text(FAKE_BICEP.format(python=sys.executable))
    (tmp_path / "bicep").chmod(0o755)
    shutil.copytree(INFRA, tmp_path / "infra")

    def run(**env):
        (tmp_path / "calls").write_text("")
        return subprocess.run(
            ["sh", tmp_path / "infra" / "check.sh"],
            env={
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "CALLS": str(tmp_path / "calls"),
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_every_file_is_linted_and_formatted_and_every_deployment_evaluated(check, tmp_path):
    process = check()
    assert process.returncode == 0, process.stdout + process.stderr
    calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    files = {path.name for path in FILES}
    assert calls[0][:2] == ["build", "main.bicep"]
    for command in ("lint", "format"):
        assert {call[1] for call in calls if call[0] == command} == files
    evaluated = {call[1] for call in calls if call[0] == "snapshot"}
    assert evaluated == {f"deployments/{path.name}" for path in DEPLOYMENTS}
    assert len(evaluated) == 3


@pytest.mark.parametrize(
    "fault",
    [
        {"FAILS": "build main.bicep"},
        {"FAILS": "lint app.bicep"},
        {"WARNS": "redis.bicep"},
        {"MISLAID": "network.bicep"},
        {"FAILS": "snapshot deployments/everything.bicepparam"},
    ],
    ids=str,
)
def test_a_fault_fails_the_check(check, fault):
    assert check(**fault).returncode != 0


def test_ci_runs_it():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    commands = [step.get("run", "") for step in workflow["jobs"]["bicep"]["steps"]]
    assert commands[-1] == "make check-bicep"
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^check-bicep:.*\n\t@infra/check.sh$", makefile, re.MULTILINE)


def parameters_of(path):
    text = path.read_text()
    assert "using '../main.bicep'" in text
    return dict(re.findall(r"^param (\w+) = (.+)$", text, re.MULTILINE))


@pytest.mark.parametrize("path", DEPLOYMENTS, ids=lambda path: path.stem)
def test_a_deployment_gives_what_has_no_default_and_nothing_unknown(path):
    known = PARSED["main.bicep"]["parameters"]
    required = {name for name in known if default_of(name) is None}
    assert required <= parameters_of(path).keys() <= known.keys()


def test_everything_is_whatever_may_be_switched_on():
    parameters = parameters_of(INFRA / "deployments" / "everything.bicepparam")
    switches = {name for name in PARSED["main.bicep"]["parameters"] if default_of(name) is False}
    assert switches - {"allowImageUrls"} <= parameters.keys()
    assert {"alertEmail", "monthlyBudget", "alwaysReadyDurable"} <= parameters.keys()
