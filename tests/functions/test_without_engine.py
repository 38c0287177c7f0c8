"""A package deployed without QDRANT_URL: the embedded engine, which is no part of it, is missing.

Every route and every job then says which setting is missing, and nothing else.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WORKS_WITHOUT_SETTINGS = {"docs", "dashboard", "dashboard_file"}
ASKS_DURABLE_FUNCTIONS_ONLY = {"list_jobs", "get_job", "cancel_job"}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    completed = subprocess.run(
        [sys.executable, Path(__file__).with_name("without_engine.py")],
        cwd=ROOT,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("QDRANT_")},
            "PYTHONPATH": str(ROOT),
            "LOCAL_DIR": str(tmp_path_factory.mktemp("local")),
            "RECONCILE_CRON": "0 0 3 * * *",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    return [json.loads(line) for line in completed.stdout.splitlines()]


def test_every_route_is_a_problem_that_names_the_setting(outcomes):
    routes = {outcome["name"]: outcome for outcome in outcomes if "status" in outcome}
    assert len(routes) > 25
    for name in routes.keys() - WORKS_WITHOUT_SETTINGS - ASKS_DURABLE_FUNCTIONS_ONLY - {"health"}:
        assert routes[name]["status"] == 503, routes[name]
        problem = json.loads(routes[name]["body"])
        assert problem["title"] == "Misconfigured", name
        assert "QDRANT_URL" in problem["detail"], name


def test_plain_health_fails_and_names_the_setting(outcomes):
    [health] = [outcome for outcome in outcomes if outcome.get("name") == "health"]
    body = json.loads(health["body"])
    assert (health["status"], body["status"], body["model"]) == (503, "failing", None)
    assert "QDRANT_URL" in body["checks"]["settings"]


def test_every_job_ends_with_the_name_of_the_setting(outcomes):
    raised = {outcome["name"]: outcome["raised"] for outcome in outcomes if "raised" in outcome}
    assert {"bulk_list", "bulk_index", "reindex_begin", "reconcile_on_time"} <= raised.keys()
    for name, text in raised.items():
        assert text.startswith("Misconfigured: "), (name, text)
        assert "QDRANT_URL" in text, (name, text)


def test_no_heavy_module_is_loaded(outcomes):
    assert outcomes[-1] == {"loaded": []}
