"""After a deployment: wires Event Grid to the app, then proves that it works.

Waits until the app answers; subscribes it to what happens in the images container; drops a picture,
waits until it is found, deletes it and waits until it is gone; says what it saw and how long it
took. Run by azd, whose outputs are in the environment; again by hand with the same environment.
Needs the Azure CLI, signed in, and nothing but Python's standard library.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE_S = float(os.environ.get("PROVE_PATIENCE_S", "300"))
"""For each step. A first start loads the app and its model; a new subscription and a new role take
a minute or two until they hold."""
PAUSE_S = float(os.environ.get("PROVE_PAUSE_S", "5"))
PICTURE = Path("samples/images/teddy-bear/front.webp")
PRODUCT = "deployment-test"

SUBSCRIPTIONS = {
    "pictures": ["Microsoft.Storage.BlobCreated"],
    "deletions": [
        "Microsoft.Storage.BlobDeleted",
        "Microsoft.Storage.BlobRenamed",
        "Microsoft.Storage.DirectoryDeleted",
        "Microsoft.Storage.DirectoryRenamed",
    ],
}
"""By name: the blob trigger's events come to the host's webhook, the others to a function."""


class Failed(Exception):
    """The message says what did not work and what to look at."""


@dataclass(frozen=True)
class Deployment:
    """What azd says of it."""

    group: str
    app: str
    uri: str
    account: str
    container: str
    topic: str
    dead_letters: str

    @classmethod
    def from_env(cls) -> Deployment:
        names = {
            "group": "AZURE_RESOURCE_GROUP",
            "app": "AZURE_FUNCTION_APP_NAME",
            "uri": "SERVICE_SEARCH_URI",
            "account": "AZURE_STORAGE_ACCOUNT_NAME",
            "container": "AZURE_IMAGES_CONTAINER",
            "topic": "AZURE_SYSTEM_TOPIC_NAME",
            "dead_letters": "AZURE_DEAD_LETTER_CONTAINER",
        }
        missing = [name for name in names.values() if not os.environ.get(name)]
        if missing:
            raise Failed(
                f"{', '.join(missing)} not set: run it by azd, or after `azd env get-values`"
            )
        return cls(**{field: os.environ[name] for field, name in names.items()})


def main() -> None:
    try:
        deployment = Deployment.from_env()
        wait_for_the_app(deployment)
        key = az("functionapp", "keys", "list", "-g", deployment.group, "-n", deployment.app)
        subscribe(deployment, key["systemKeys"])
        prove(deployment, key["functionKeys"]["default"])
    except Failed as failed:
        sys.exit(f"\nNot proven: {failed}")
    print(f"\nIt works: {deployment.uri}/api/dashboard")


def wait_for_the_app(deployment: Deployment) -> None:
    took = until(lambda: asked(deployment, "GET", "health")[0] == 200, "the app does not answer")
    print(f"the app answers, after {took:.0f} s")


def subscribe(deployment: Deployment, keys: dict[str, str]) -> None:
    """The keys are there once the host has run. Creating one that exists changes it."""
    group = ["-g", deployment.group]
    app_id = az("functionapp", "show", *group, "-n", deployment.app)["id"]
    account_id = az("storage", "account", "show", *group, "-n", deployment.account)["id"]
    code = urllib.parse.quote(keys["blobs_extension"], safe="")
    webhook = f"{deployment.uri}/runtime/webhooks/blobs"
    endpoints = {
        "pictures": ["webhook", f"{webhook}?functionName=Host.Functions.blob_changed&code={code}"],
        "deletions": ["azurefunction", f"{app_id}/functions/blob_event"],
    }
    dead = f"{account_id}/blobServices/default/containers/{deployment.dead_letters}"
    for name, types in SUBSCRIPTIONS.items():
        kind, endpoint = endpoints[name]
        begins = f"/blobServices/default/containers/{deployment.container}/"
        command = ["eventgrid", "system-topic", "event-subscription", "create", *group]
        command += ["--system-topic-name", deployment.topic, "-n", name]
        command += ["--endpoint-type", kind, "--endpoint", endpoint]
        command += ["--included-event-types", *types, "--subject-begins-with", begins]
        command += ["--deadletter-identity", "systemassigned"]
        command += ["--deadletter-identity-endpoint", dead]
        # Event Grid asks the app to confirm, and gives up while it sleeps or is starting
        until(partial(created, deployment, command), f"the subscription {name} is refused")
        print(f"subscribed: {name}")


def created(deployment: Deployment, command: list[str]) -> bool:
    asked(deployment, "GET", "health")
    try:
        az(*command)
    except Failed as failed:
        print(f"  not yet: {str(failed).strip().splitlines()[-1][:200]}")
        return False
    return True


def prove(deployment: Deployment, key: str) -> None:
    blob = f"{PRODUCT}.webp"
    where = ["--account-name", deployment.account, "-c", deployment.container, "-n", blob]
    login = ["--auth-mode", "login"]

    def found() -> bool:
        return asked(deployment, "GET", f"products/{PRODUCT}", key)[0] == 200

    def is_searchable() -> bool:
        body = {"query": "teddy bear", "mode": "image", "limit": 50}
        status, answer = asked(deployment, "POST", "search", key, body)
        return status == 200 and PRODUCT in [each["id"] for each in answer["results"]]

    az("storage", "blob", "upload", *where, *login, "-f", str(PICTURE), "--overwrite")
    try:
        took = until(found, "a dropped picture is not indexed: GET index-failures, and the log")
        print(f"dropped a picture: indexed after {took:.1f} s")
        until(is_searchable, "it is indexed, but no search finds it")
        print("a search by words finds it")
    finally:
        az("storage", "blob", "delete", *where, *login)
    took = until(lambda: not found(), "a deleted picture stays: look at the subscription deletions")
    print(f"deleted it: gone after {took:.1f} s")


def until(holds: Callable[[], bool], otherwise: str) -> float:
    """Seconds until it holds. Raises Failed."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > PATIENCE_S:
            raise Failed(f"{otherwise} (waited {PATIENCE_S:.0f} s)")
        time.sleep(PAUSE_S)
    return time.monotonic() - began


def asked(
    deployment: Deployment, method: str, path: str, key: str = "", body: Any = None
) -> tuple[int, Any]:
    """Status and JSON; 0 where no answer came."""
    headers = {"x-functions-key": key, "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    url = f"{deployment.uri}/api/v1/{path}"
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  # azd's https
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None
    except OSError:
        return 0, None


def az(*arguments: str) -> Any:
    """What the Azure CLI answers. Raises Failed with what it says."""
    command = shutil.which("az")
    if command is None:
        raise Failed("the Azure CLI is not installed: https://aka.ms/azure-cli")
    done = subprocess.run(
        [command, *arguments, "-o", "json"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Failed(f"az {' '.join(arguments[:4])}: {done.stderr or done.stdout}")
    return json.loads(done.stdout) if done.stdout.strip() else None


if __name__ == "__main__":
    main()
