"""The hook after a deployment, against a real devhost; only the Azure CLI is a stand-in."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devhost import ROOT
from tests.host import Host, eventually

KEY = "a-function-key+/="
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"

FAKE_AZ = """#!{python}
import json, os, pathlib, shutil, sys
words = sys.argv[1:]
with open(os.environ["AZ_LOG"], "a") as log:
    log.write(json.dumps(words) + "\\n")
def value(name):
    return words[words.index(name) + 1]
subscriptions = pathlib.Path(os.environ["AZ_SUBSCRIPTIONS"])
event_subscription = ["eventgrid", "system-topic", "event-subscription"]
calls = [json.loads(line) for line in open(os.environ["AZ_LOG"])]
failing = os.environ.get("FAILS", "")
if failing and " ".join(words).startswith(failing):
    if sum(" ".join(call).startswith(failing) for call in calls) <= int(os.environ["FAILURES"]):
        sys.exit("(BadRequest) Encountered an error\\n(ServiceUnavailable) from host runtime")
if words[:3] == ["functionapp", "keys", "list"] and os.environ.get("NO_KEYS"):
    print("{{}}")
elif words[:3] == ["functionapp", "keys", "list"]:
    print(json.dumps({{"systemKeys": {{}}, "functionKeys": {{"default": "{key}"}}}}))
elif words[:4] == [*event_subscription, "list"]:
    print(json.dumps([{{"name": name}} for name in subscriptions.read_text().split()]))
elif words[:4] == [*event_subscription, "delete"]:
    assert "--yes" in words, "it would ask"
    kept = [name for name in subscriptions.read_text().split() if name != value("-n")]
    subscriptions.write_text(" ".join(kept))
elif words[:3] == ["storage", "blob", "upload"]:
    losses = int(os.environ.get("LOSES_UPLOADS", "0"))
    attempts = open(os.environ["AZ_LOG"]).read().count('"upload"')
    if attempts > losses:
        shutil.copy(value("-f"), pathlib.Path(os.environ["IMAGES"]) / value("-n"))
elif words[:3] == ["storage", "blob", "delete"]:
    (pathlib.Path(os.environ["IMAGES"]) / value("-n")).unlink(missing_ok=True)
else:
    sys.exit("unknown: " + " ".join(words))
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """One for all tests: each of them leaves the app as it was."""
    host = Host(tmp_path_factory.mktemp("host") / "local")
    yield host
    host.stop()


def run_hook(host, tmp_path, *, subscriptions="blob-events", **env):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "az").write_text(FAKE_AZ.format(python=sys.executable, key=KEY))
    (tools / "az").chmod(0o755)
    (tmp_path / "subscriptions").write_text(subscriptions)
    settings = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "AZ_LOG": str(tmp_path / "az.log"),
        "AZ_SUBSCRIPTIONS": str(tmp_path / "subscriptions"),
        "IMAGES": str(host.images),
        "AZURE_RESOURCE_GROUP": "rg",
        "AZURE_FUNCTION_APP_NAME": "app",
        "AZURE_STORAGE_ACCOUNT_NAME": "account",
        "AZURE_IMAGES_CONTAINER": "images",
        "AZURE_SYSTEM_TOPIC_NAME": "topic",
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "SERVICE_SEARCH_URI": host.url,
        "PROVE_PAUSE_S": "0.1",
        "PROVE_PATIENCE_S": "20",
        **env,
    }
    return subprocess.run(
        ["sh", "infra/hooks/postdeploy.sh"],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def az_calls(tmp_path):
    return [json.loads(line) for line in (tmp_path / "az.log").read_text().splitlines()]


def test_it_proves_the_app_and_wires_nothing(host, tmp_path):
    process = run_hook(host, tmp_path)
    assert process.returncode == 0, process.stderr + process.stdout
    for line in ("the app answers", "indexed after", "a search by words finds it", "gone after"):
        assert line in process.stdout
    assert f"It works: {host.url}/api/dashboard" in process.stdout
    commands = [" ".join(call[:4]) for call in az_calls(tmp_path)]
    assert commands == [
        "eventgrid system-topic event-subscription list",
        "functionapp keys list -g",
        "storage blob upload --account-name",
        "storage blob delete --account-name",
    ]
    eventually(lambda: host.stats()["images"] == 0, "nothing is left behind")


def test_no_key_is_on_a_command_line(host, tmp_path):
    process = run_hook(host, tmp_path, subscriptions="pictures deletions blob-events")
    assert process.returncode == 0, process.stderr + process.stdout
    assert KEY not in (tmp_path / "az.log").read_text() + process.stdout + process.stderr


def test_the_subscriptions_of_earlier_versions_are_deleted_and_no_other(host, tmp_path):
    """Else every event would come twice: to the queue, and to where they lead."""
    process = run_hook(host, tmp_path, subscriptions="pictures blob-events deletions of-somebody")
    assert process.returncode == 0, process.stderr + process.stdout
    assert (tmp_path / "subscriptions").read_text().split() == ["blob-events", "of-somebody"]
    assert "deleted the old event subscription pictures" in process.stdout


def test_a_picture_whose_event_was_lost_is_dropped_again(host, tmp_path):
    """While the role of the topic's identity does not hold yet, the queue refuses its events."""
    process = run_hook(host, tmp_path, LOSES_UPLOADS="1", PROVE_DROP_AGAIN_S="0.5")
    assert process.returncode == 0, process.stderr + process.stdout
    assert "dropped it again" in process.stdout


def test_a_picture_that_is_not_indexed_is_reported(host, tmp_path):
    process = run_hook(host, tmp_path, LOSES_UPLOADS="99", PROVE_PATIENCE_S="1")
    assert process.returncode == 1
    assert "Not proven: a dropped picture is not indexed" in process.stderr


def test_an_app_that_does_not_answer_is_reported(host, tmp_path):
    began = time.monotonic()
    process = run_hook(
        host, tmp_path, SERVICE_SEARCH_URI="http://127.0.0.1:9", PROVE_PATIENCE_S="1"
    )
    assert process.returncode == 1
    assert "the app does not answer" in process.stderr
    assert time.monotonic() - began < 30


def test_every_call_of_the_cli_names_azds_subscription(host, tmp_path):
    """It has a default of its own, which may be another."""
    run_hook(host, tmp_path, subscriptions="pictures blob-events")
    assert len(az_calls(tmp_path)) == 5
    for call in az_calls(tmp_path):
        assert call[call.index("--subscription") + 1] == SUBSCRIPTION


@pytest.mark.parametrize(
    "command",
    [
        "eventgrid system-topic event-subscription list",
        "functionapp keys list",
        "storage blob upload",
        "storage blob delete",
    ],
)
def test_what_fails_at_first_is_tried_again(host, tmp_path, command):
    """The host's keys come some time after its start, and roles take minutes to hold."""
    process = run_hook(host, tmp_path, FAILS=command, FAILURES="2")
    assert process.returncode == 0, process.stderr + process.stdout
    assert [" ".join(call).startswith(command) for call in az_calls(tmp_path)].count(True) == 3


def test_keys_that_never_come_are_reported_in_one_line(host, tmp_path):
    process = run_hook(host, tmp_path, NO_KEYS="1", PROVE_PATIENCE_S="1")
    assert process.stderr == ("\nNot proven: the app has no function key `default` (waited 1 s)\n")


def test_an_error_of_the_cli_is_printed_in_the_same_line(host, tmp_path):
    process = run_hook(
        host, tmp_path, FAILS="functionapp keys list", FAILURES="99", PROVE_PATIENCE_S="1"
    )
    assert process.stderr.count("\n") == 2
    assert "from host runtime" in process.stderr


def test_behind_a_network_it_is_proven_through_the_api(host, tmp_path):
    """Whoever deploys cannot reach storage; the hook says that the path of events is unproven."""
    process = run_hook(host, tmp_path, AZURE_VNET_ENABLED="true")
    assert process.returncode == 0, process.stderr + process.stdout
    for line in ("sent a picture through the API", "a search by words finds it", "gone after"):
        assert line in process.stdout
    assert "the path of events was not proven" in process.stdout
    assert not [call for call in az_calls(tmp_path) if call[0] == "storage"]
    eventually(lambda: host.stats()["images"] == 0, "nothing is left behind")


def test_missing_outputs_of_azd_are_named(host, tmp_path):
    process = run_hook(host, tmp_path, AZURE_SYSTEM_TOPIC_NAME="")
    assert "AZURE_SYSTEM_TOPIC_NAME not set" in process.stderr


def test_the_shell_is_clean():
    shellcheck = Path(sys.executable).with_name("shellcheck")
    scripts = [*(ROOT / "infra").rglob("*.sh"), ROOT / ".ci" / "run"]
    subprocess.run([shellcheck, *scripts], check=True)
