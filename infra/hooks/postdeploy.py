"""Proves that a deployment works, after azd has made it.

Waits until the app answers, drops a picture, waits until a search finds it, deletes it, waits until
it is gone, and says how long each step took. It wires nothing: events are declared in
``infra/events.bicep``. It only takes away what earlier versions of it had made, two event
subscriptions beside the declared one, by which every event would come twice.

azd runs it with its outputs in the environment; it can be run again by hand with the same
environment. It needs the Azure CLI, signed in, and nothing but Python's standard library. The
function key is read from the CLI's output and sent in a header; it is on no command line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_S = float(os.environ.get("PROVE_PATIENCE_S", "300"))
"""For each step. A first start loads the app and its model."""
PAUSE_S = float(os.environ.get("PROVE_PAUSE_S", "5"))
DROP_AGAIN_S = float(os.environ.get("PROVE_DROP_AGAIN_S", "60"))
"""After this time the picture is dropped again. A new role takes minutes until it holds; Event Grid
does not retry what the queue refuses meanwhile (403), it puts that event among the dead letters."""
PICTURE = Path("samples/images/teddy-bear/front.webp")
PRODUCT = "deployment-test"
OLD_SUBSCRIPTIONS = ("pictures", "deletions")
"""Earlier versions of this hook subscribed the app themselves, by these names."""


class NotProven(Exception):
    """The message says what did not work and what to look at."""


@dataclass(frozen=True)
class Deployment:
    """The resources to prove, as named by azd's outputs."""

    group: str
    app: str
    uri: str
    account: str
    container: str
    topic: str

    @classmethod
    def from_env(cls) -> Deployment:
        names = {
            "group": "AZURE_RESOURCE_GROUP",
            "app": "AZURE_FUNCTION_APP_NAME",
            "uri": "SERVICE_SEARCH_URI",
            "account": "AZURE_STORAGE_ACCOUNT_NAME",
            "container": "AZURE_IMAGES_CONTAINER",
            "topic": "AZURE_SYSTEM_TOPIC_NAME",
        }
        missing = [name for name in names.values() if not os.environ.get(name)]
        if missing:
            raise NotProven(
                f"{', '.join(missing)} not set: run it by azd, or after `azd env get-values`"
            )
        return cls(**{field: os.environ[name] for field, name in names.items()})


def main() -> None:
    try:
        deployment = Deployment.from_env()
        delete_old_subscriptions(deployment)
        wait_for_app(deployment)
        prove(deployment, read_function_key(deployment))
    except NotProven as problem:
        sys.exit(f"\nNot proven: {problem}")
    print(f"\nIt works: {deployment.uri}/api/dashboard")


def delete_old_subscriptions(deployment: Deployment) -> None:
    command = ["eventgrid", "system-topic", "event-subscription"]
    topic = ["-g", deployment.group, "--system-topic-name", deployment.topic]
    existing = {subscription["name"] for subscription in run_az(*command, "list", *topic)}
    for name in OLD_SUBSCRIPTIONS:
        if name in existing:
            run_az(*command, "delete", *topic, "-n", name, "--yes")
            print(f"deleted the old event subscription {name}")


def wait_for_app(deployment: Deployment) -> None:
    seconds = wait_until(
        lambda: call_api(deployment, "GET", "health")[0] == 200, "the app does not answer"
    )
    print(f"the app answers, after {seconds:.0f} s")


def read_function_key(deployment: Deployment) -> str:
    keys = run_az("functionapp", "keys", "list", "-g", deployment.group, "-n", deployment.app)
    key: str = keys["functionKeys"]["default"]
    return key


def prove(deployment: Deployment, key: str) -> None:
    blob = ["--account-name", deployment.account, "-c", deployment.container]
    blob += ["-n", f"{PRODUCT}.webp", "--auth-mode", "login"]
    dropped_at = 0.0

    def drop_picture() -> None:
        nonlocal dropped_at
        run_az("storage", "blob", "upload", *blob, "-f", str(PICTURE), "--overwrite")
        dropped_at = time.monotonic()

    def is_indexed() -> bool:
        if call_api(deployment, "GET", f"products/{PRODUCT}", key)[0] == 200:
            return True
        if time.monotonic() - dropped_at > DROP_AGAIN_S:
            print("  not yet: dropped it again")
            drop_picture()
        return False

    def is_searchable() -> bool:
        body = {"query": "teddy bear", "mode": "image", "limit": 50}
        status, result = call_api(deployment, "POST", "search", key, body)
        return status == 200 and PRODUCT in [hit["id"] for hit in result["results"]]

    def is_gone() -> bool:
        return call_api(deployment, "GET", f"products/{PRODUCT}", key)[0] == 404

    drop_picture()
    try:
        seconds = wait_until(
            is_indexed,
            "a dropped picture is not indexed: look at GET index-failures, the messages of the "
            "queue blob-events, and the container dead-letters",
        )
        print(f"dropped a picture: indexed after {seconds:.1f} s")
        wait_until(is_searchable, "it is indexed, but no search finds it")
        print("a search by words finds it")
    finally:
        run_az("storage", "blob", "delete", *blob)
    seconds = wait_until(
        is_gone, "a deleted picture stays: look at the event subscription blob-events"
    )
    print(f"deleted it: gone after {seconds:.1f} s")


def wait_until(holds: Callable[[], bool], otherwise: str) -> float:
    """Returns the seconds it took. Raises NotProven with ``otherwise`` after PATIENCE_S."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > PATIENCE_S:
            raise NotProven(f"{otherwise} (waited {PATIENCE_S:.0f} s)")
        time.sleep(PAUSE_S)
    return time.monotonic() - began


def call_api(
    deployment: Deployment, method: str, path: str, key: str = "", body: Any = None
) -> tuple[int, Any]:
    """Returns status and JSON; the status is 0 where no response came."""
    headers = {"x-functions-key": key, "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    url = f"{deployment.uri}/api/v1/{path}"
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  # azd's https
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, None
    except OSError:
        return 0, None


def run_az(*arguments: str) -> Any:
    """Returns the JSON that the Azure CLI prints. Raises NotProven with what it complains about."""
    command = shutil.which("az")
    if command is None:
        raise NotProven("the Azure CLI is not installed: https://aka.ms/azure-cli")
    process = subprocess.run(
        [command, *arguments, "-o", "json"], capture_output=True, text=True, check=False
    )
    if process.returncode != 0:
        raise NotProven(f"az {' '.join(arguments[:4])}: {process.stderr or process.stdout}")
    return json.loads(process.stdout) if process.stdout.strip() else None


if __name__ == "__main__":
    main()
