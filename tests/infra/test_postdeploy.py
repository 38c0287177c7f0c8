"""The hook after a deployment, against a real devhost; only the Azure CLI is a stand-in."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devhost.child import ROOT
from tests.host import Host, eventually

FAKE_AZ = """#!{python}
import json, os, pathlib, shutil, sys
words = sys.argv[1:]
with open(os.environ["AZ_LOG"], "a") as log:
    log.write(json.dumps(words) + "\\n")
def value(name):
    return words[words.index(name) + 1]
def said(content):
    print(json.dumps(content))
if words[:3] == ["functionapp", "keys", "list"]:
    said({{"systemKeys": {{"blobs_extension": "a+b="}}, "functionKeys": {{"default": "k"}}}})
elif words[:2] == ["functionapp", "show"] or words[:3] == ["storage", "account", "show"]:
    said({{"id": "/subscriptions/s/" + value("-n")}})
elif words[:2] == ["eventgrid", "system-topic"]:
    refused = pathlib.Path(os.environ["AZ_LOG"] + value("-n"))
    if not refused.exists():
        refused.touch()
        sys.exit("Webhook validation handshake failed: the app sleeps")
elif words[:3] == ["storage", "blob", "upload"]:
    if os.environ.get("LOSES_BLOBS") != "1":
        shutil.copy(value("-f"), pathlib.Path(os.environ["IMAGES"]) / value("-n"))
elif words[:3] == ["storage", "blob", "delete"]:
    (pathlib.Path(os.environ["IMAGES"]) / value("-n")).unlink(missing_ok=True)
else:
    sys.exit("unknown: " + " ".join(words))
"""


@pytest.fixture
def host(tmp_path):
    host = Host(tmp_path / "local")
    yield host
    host.stop()


def run(host, tmp_path, **env):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "az").write_text(FAKE_AZ.format(python=sys.executable))
    (tools / "az").chmod(0o755)
    settings = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "AZ_LOG": str(tmp_path / "az.log"),
        "IMAGES": str(host.images),
        "AZURE_RESOURCE_GROUP": "rg",
        "AZURE_FUNCTION_APP_NAME": "app",
        "AZURE_STORAGE_ACCOUNT_NAME": "account",
        "AZURE_IMAGES_CONTAINER": "images",
        "AZURE_SYSTEM_TOPIC_NAME": "topic",
        "AZURE_DEAD_LETTER_CONTAINER": "dead-letters",
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


def test_it_wires_the_events_and_proves_the_app(host, tmp_path):
    done = run(host, tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    for line in ("the app answers", "subscribed: pictures", "subscribed: deletions"):
        assert line in done.stdout
    assert "indexed after" in done.stdout
    assert "gone after" in done.stdout
    assert f"It works: {host.url}/api/dashboard" in done.stdout
    calls = [json.loads(line) for line in Path(tmp_path / "az.log").read_text().splitlines()]
    made = [call for call in calls if call[:2] == ["eventgrid", "system-topic"]]
    assert len(made) == 4  # each was refused once, while the app slept
    pictures = " ".join(made[1])
    assert "functionName=Host.Functions.blob_changed&code=a%2Bb%3D" in pictures
    assert "--subject-begins-with /blobServices/default/containers/images/" in pictures
    assert "Microsoft.Storage.BlobDeleted" in made[3]
    assert "/functions/blob_event" in " ".join(made[3])
    eventually(lambda: host.stats()["images"] == 0, "nothing is left behind")


def test_a_picture_that_is_not_indexed_is_told(host, tmp_path):
    done = run(host, tmp_path, LOSES_BLOBS="1", PROVE_PATIENCE_S="1")
    assert done.returncode == 1
    assert "Not proven: a dropped picture is not indexed" in done.stderr


def test_an_app_that_does_not_answer_is_told(host, tmp_path):
    began = time.monotonic()
    done = run(host, tmp_path, SERVICE_SEARCH_URI="http://127.0.0.1:9", PROVE_PATIENCE_S="1")
    assert done.returncode == 1
    assert "the app does not answer" in done.stderr
    assert time.monotonic() - began < 30


def test_without_azds_outputs_it_says_which_are_missing(host, tmp_path):
    done = run(host, tmp_path, AZURE_SYSTEM_TOPIC_NAME="")
    assert "AZURE_SYSTEM_TOPIC_NAME not set" in done.stderr


def test_the_functions_it_names_are_there():
    hook = (ROOT / "infra" / "hooks" / "postdeploy.py").read_text()
    from function_app import app

    names = {each._function.get_function_name() for each in app._function_builders}
    assert {"blob_changed", "blob_event"} <= names
    assert "Host.Functions.blob_changed" in hook
    assert "/functions/blob_event" in hook


def test_the_shell_is_clean():
    shellcheck = Path(sys.executable).with_name("shellcheck")
    scripts = [ROOT / "infra" / "hooks" / "postdeploy.sh", ROOT / ".ci" / "run"]
    subprocess.run([shellcheck, *scripts], check=True)
