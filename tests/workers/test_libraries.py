"""The app on the oldest and the newest azure-functions of supported workers.

Azure starts workers from a placeholder before it knows the app. Such a worker may keep the
azure-functions that it bundles, whatever the package brings.
"""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import azure.functions
import pytest

from tests.local_services import ROOT
from tests.registered_functions import registered_functions
from tests.workers import libraries

NEWEST = version("azure-functions")


@pytest.fixture(scope="module", params=[libraries.OLDEST, NEWEST])
def steps(request, tmp_path_factory):
    """The steps of a tour through the app with this version of azure-functions, by name."""
    if request.param == NEWEST:
        folder = Path(azure.functions.__file__).parents[2]
    else:
        folder = libraries.install(request.param)
    env = {"PATH": os.environ["PATH"], "LOCAL_DIR": str(tmp_path_factory.mktemp("local"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.workers.tour"],
        cwd=ROOT,
        env={**env, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    steps = {step.pop("step"): step for step in map(json.loads, done.stdout.splitlines())}
    assert steps["library"] == {"version": request.param, "folder": str(folder), "unknown": []}
    return steps


def test_every_function_is_loaded(steps):
    names = sorted(function.get_function_name() for function in registered_functions())
    assert steps["loaded"]["functions"] == names


def test_a_blob_is_indexed_and_an_event_of_either_schema_removes_it(steps):
    assert steps["created"]["ids"] == ["blue-dress", "red-dress"]
    assert steps["deleted, EventGrid"]["ids"] == ["blue-dress"]
    assert steps["deleted, CloudEvents"]["ids"] == []


def test_a_poison_message_is_a_failure(steps):
    assert steps["given up"]["blobs"] == ["given-up.webp"]


def test_a_job_is_started_run_and_listed_through_the_durable_client(steps):
    job = steps["job"]["job"]
    assert steps["job"]["statuses"] == [202, 200, 200]
    assert steps["job"]["job_ids"] == [job["id"]]
    assert (job["state"], job["total"], job["indexed"]) == ("completed", 1, 1)
    assert steps["job"]["ids"] == ["red-dress"]


def test_every_kind_of_trigger_but_the_timer_was_invoked(steps):
    kinds = {function.get_trigger().type for function in registered_functions()}
    assert steps["invoked"]["kinds"] == sorted(kinds - {"timerTrigger"})
