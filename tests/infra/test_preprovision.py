"""The hook before a provision, against stand-ins for the Azure CLI and azd."""

import ast
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from devhost import ROOT

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
STAND_IN = """#!{python}
import json, os, pathlib, sys
words = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(words) + "\\n")
replies = json.loads(os.environ["REPLIES"])
for beginning, reply in replies.items():
    if " ".join(words).startswith(beginning):
        print(json.dumps(reply))
        break
else:
    sys.exit("unexpected: " + " ".join(words))
"""
AZD = {"azd env set BUDGET_START": None}
THIS_MONTH = f"{datetime.now(UTC):%Y-%m}-01"


@pytest.fixture
def run_hook(tmp_path):
    for name in ("az", "azd"):
        (tmp_path / name).write_text(STAND_IN.format(python=sys.executable))
        (tmp_path / name).chmod(0o755)

    def run(replies, **env):
        (tmp_path / "calls").write_text("")
        return subprocess.run(
            ["sh", "infra/hooks/preprovision.sh"],
            cwd=ROOT,
            env={
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "CALLS": str(tmp_path / "calls"),
                "REPLIES": json.dumps(replies),
                "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
                "AZURE_ENV_NAME": "shop",
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def calls(tmp_path):
    return lambda: [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]


def test_without_a_network_or_a_budget_azure_is_not_called(run_hook, calls):
    process = run_hook({}, VNET_ENABLED="false", MONTHLY_BUDGET="0")
    assert process.returncode == 0, process.stderr
    assert calls() == []


def test_a_network_needs_its_resource_provider(run_hook):
    provider = {"az provider show -n Microsoft.App": {"registrationState": "NotRegistered"}}
    process = run_hook(provider, VNET_ENABLED="true")
    assert process.returncode == 1
    remedy = f"az provider register -n Microsoft.App --wait --subscription {SUBSCRIPTION}"
    assert process.stderr.count("\n") <= 2
    assert remedy in process.stderr
    provider = {"az provider show -n Microsoft.App": {"registrationState": "Registered"}}
    assert run_hook(provider, VNET_ENABLED="true").returncode == 0


def test_a_provider_of_which_nothing_is_known_is_not_taken_for_registered(run_hook):
    process = run_hook({"az provider show": None}, VNET_ENABLED="true")
    assert process.returncode == 1
    assert "which is unknown in this subscription" in process.stderr


def test_a_new_budget_runs_from_this_month(run_hook, calls):
    process = run_hook({"az group exists -n rg-shop": False, **AZD}, MONTHLY_BUDGET="50")
    assert process.returncode == 0, process.stderr
    assert calls()[-1] == ["azd", "env", "set", "BUDGET_START", THIS_MONTH]


def test_a_budget_that_exists_keeps_its_start(run_hook, calls):
    """Azure refuses another: "Start date of budgets cannot be updated"."""
    budgets = [
        {
            "name": "of-somebody",
            "properties": {"timePeriod": {"startDate": "2024-01-01T00:00:00Z"}},
        },
        {"name": "monthly", "properties": {"timePeriod": {"startDate": "2026-02-01T00:00:00Z"}}},
    ]
    replies = {"az group exists": True, "az rest --method get": {"value": budgets}, **AZD}
    process = run_hook(replies, MONTHLY_BUDGET="50")
    assert process.returncode == 0, process.stderr
    assert calls()[-1] == ["azd", "env", "set", "BUDGET_START", "2026-02-01"]


def test_the_first_budget_of_a_deployment_that_exists_runs_from_this_month(run_hook, calls):
    replies = {"az group exists": True, "az rest --method get": {"value": []}, **AZD}
    assert run_hook(replies, MONTHLY_BUDGET="50").returncode == 0
    assert calls()[-1][-1] == THIS_MONTH


def test_every_call_of_the_cli_names_azds_subscription(run_hook, calls):
    """It has a default of its own, which may be another."""
    replies = {
        "az provider show": {"registrationState": "Registered"},
        "az group exists": True,
        "az rest --method get": {"value": []},
        **AZD,
    }
    run_hook(replies, VNET_ENABLED="true", MONTHLY_BUDGET="50")
    az_calls = [call for call in calls() if call[0] == "az"]
    assert len(az_calls) == 3
    for call in az_calls:
        assert call[call.index("--subscription") + 1] == SUBSCRIPTION


def test_a_failure_is_one_line(run_hook):
    process = run_hook({}, VNET_ENABLED="true")
    assert process.returncode == 1
    assert process.stderr.strip().startswith("Not provisioned: az provider show -n Microsoft.App:")
    assert "Traceback" not in process.stderr
    process = run_hook({}, VNET_ENABLED="true", AZURE_SUBSCRIPTION_ID="")
    assert "AZURE_SUBSCRIPTION_ID not set" in process.stderr


def test_hooks_run_on_whatever_python3_there_is():
    """The app wants 3.11; what `python3` starts may be older. Later names fail there at import."""
    for path in (ROOT / "infra" / "hooks").glob("*.py"):
        tree = ast.parse(path.read_text(), feature_version=(3, 9))
        imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert "__future__" in {node.module for node in imported}
        names = {alias.name for node in imported for alias in node.names}
        assert not names & {"UTC", "StrEnum", "Self", "TypeAlias", "TaskGroup"}
