"""Proves that a deployment works, after azd has made it.

Waits until the app answers, drops a picture, waits until a search finds it, deletes it, waits until
it is gone, and says how long each step took. Behind a virtual network whoever deploys cannot reach
storage: there the picture goes through the app's own API, and the hook says that the path of events
was not proven. It wires nothing: events are declared in ``infra/events.bicep``. It only takes away
what earlier versions of it had made, two event subscriptions beside the declared one, by which
every event would come twice.

azd runs it with its outputs in the environment; it can be run again by hand with the same
environment (``python3 -m infra.hooks.postdeploy``). It needs the Azure CLI, signed in, and nothing
but Python's standard library. The function key is read from the CLI's output and sent in a header;
it is on no command line.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.hooks.azure_cli import HookFailed, find_tool, run_az

PATIENCE_S = float(os.environ.get("PROVE_PATIENCE_S", "300"))
"""For each step. A first start loads the app and its model, and new roles take minutes to hold."""
PAUSE_S = float(os.environ.get("PROVE_PAUSE_S", "5"))
DROP_AGAIN_S = float(os.environ.get("PROVE_DROP_AGAIN_S", "60"))
"""After this time the picture is dropped again. A new role takes minutes until it holds; Event Grid
does not retry what the queue refuses meanwhile (403), it puts that event among the dead letters."""
PICTURE = Path("samples/images/teddy-bear/front.webp")
PRODUCT = "deployment-test"
OLD_SUBSCRIPTIONS = ("pictures", "deletions")
"""Earlier versions of this hook subscribed the app themselves, by these names."""


@dataclass(frozen=True)
class Deployment:
    """The resources to prove, as named by azd's outputs."""

    group: str
    app: str
    uri: str
    account: str
    container: str
    topic: str
    behind_network: bool

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
            raise HookFailed(
                f"{', '.join(missing)} not set: run it by azd, or after `azd env get-values`"
            )
        return cls(
            **{field: os.environ[name] for field, name in names.items()},
            behind_network=os.environ.get("AZURE_VNET_ENABLED", "").lower() == "true",
        )


def main() -> None:
    try:
        deployment = Deployment.from_env()
        find_tool("az", "https://aka.ms/azure-cli")
        wait_until(
            lambda: delete_old_subscriptions(deployment),
            "the event subscriptions of earlier versions cannot be deleted",
        )
        wait_for_app(deployment)
        key = read_function_key(deployment)
        if deployment.behind_network:
            prove_by_api(deployment, key)
        else:
            prove_by_event(deployment, key)
    except HookFailed as problem:
        sys.exit(f"\nNot proven: {problem}")
    print(f"\nIt works: {deployment.uri}/api/dashboard")


def delete_old_subscriptions(deployment: Deployment) -> bool:
    command = ["eventgrid", "system-topic", "event-subscription"]
    topic = ["-g", deployment.group, "--system-topic-name", deployment.topic]
    existing = {subscription["name"] for subscription in run_az(*command, "list", *topic) or []}
    for name in OLD_SUBSCRIPTIONS:
        if name in existing:
            run_az(*command, "delete", *topic, "-n", name, "--yes")
            print(f"deleted the old event subscription {name}")
    return True


def wait_for_app(deployment: Deployment) -> None:
    seconds = wait_until(
        lambda: call_api(deployment, "GET", "health")[0] == 200, "the app does not answer"
    )
    print(f"the app answers, after {seconds:.0f} s")


def read_function_key(deployment: Deployment) -> str:
    """Waits for it: `keys list` fails for a while after the first start, or lists none."""
    key = ""

    def has_key() -> bool:
        nonlocal key
        keys = run_az("functionapp", "keys", "list", "-g", deployment.group, "-n", deployment.app)
        key = ((keys or {}).get("functionKeys") or {}).get("default") or ""
        return bool(key)

    wait_until(has_key, "the app has no function key `default`")
    return key


def prove_by_event(deployment: Deployment, key: str) -> None:
    blob = ["--account-name", deployment.account, "-c", deployment.container]
    blob += ["-n", f"{PRODUCT}.webp", "--auth-mode", "login"]
    dropped_at = 0.0

    def drop_picture() -> bool:
        nonlocal dropped_at
        run_az("storage", "blob", "upload", *blob, "-f", str(PICTURE), "--overwrite")
        dropped_at = time.monotonic()
        return True

    def is_indexed() -> bool:
        if is_known(deployment, key):
            return True
        if time.monotonic() - dropped_at > DROP_AGAIN_S:
            print("  not yet: dropped it again")
            drop_picture()
        return False

    def delete_picture() -> bool:
        run_az("storage", "blob", "delete", *blob)
        return True

    wait_until(drop_picture, "a picture cannot be dropped")
    try:
        seconds = wait_until(
            is_indexed,
            "a dropped picture is not indexed: look at GET index-failures, the messages of the "
            "queue blob-events, and the container dead-letters",
        )
        print(f"dropped a picture: indexed after {seconds:.1f} s")
        check_searchable(deployment, key)
    except HookFailed:
        with contextlib.suppress(HookFailed):  # the first failure is the one to tell
            delete_picture()
        raise
    wait_until(delete_picture, "the picture cannot be deleted")
    check_gone(deployment, key, "look at the event subscription blob-events")


def prove_by_api(deployment: Deployment, key: str) -> None:
    seconds = wait_until(
        lambda: index_picture(deployment, key) == 200,
        "POST index-product-with-image fails: GET health?deep=true names what is down",
    )
    print(f"sent a picture through the API: indexed after {seconds:.1f} s")
    try:
        check_searchable(deployment, key)
    finally:
        call_api(deployment, "DELETE", f"products/{PRODUCT}", key)
    check_gone(deployment, key, "DELETE products/{id} does not work")
    print("the path of events was not proven, since storage cannot be reached from here: upload a")
    print(f"picture into {deployment.container} from within the network, and search for it")


def is_known(deployment: Deployment, key: str) -> bool:
    return call_api(deployment, "GET", f"products/{PRODUCT}", key)[0] == 200


def check_searchable(deployment: Deployment, key: str) -> None:
    def is_searchable() -> bool:
        body = {"query": "teddy bear", "mode": "image", "limit": 50}
        status, result = call_api(deployment, "POST", "search", key, json.dumps(body).encode())
        return status == 200 and PRODUCT in [hit["id"] for hit in result["results"]]

    wait_until(is_searchable, "it is indexed, but no search finds it")
    print("a search by words finds it")


def check_gone(deployment: Deployment, key: str, remedy: str) -> None:
    seconds = wait_until(
        lambda: call_api(deployment, "GET", f"products/{PRODUCT}", key)[0] == 404,
        f"a deleted picture stays: {remedy}",
    )
    print(f"deleted it: gone after {seconds:.1f} s")


def wait_until(holds: Callable[[], bool], otherwise: str) -> float:
    """Returns the seconds it took. After PATIENCE_S raises HookFailed with ``otherwise`` and with
    what the Azure CLI complained about last, if it did."""
    began = time.monotonic()
    while True:
        complaint = ""
        try:
            if holds():
                return time.monotonic() - began
        except HookFailed as failure:
            complaint = f"; {failure}"
        if time.monotonic() - began > PATIENCE_S:
            raise HookFailed(f"{otherwise} (waited {PATIENCE_S:.0f} s){complaint}")
        time.sleep(PAUSE_S)


def index_picture(deployment: Deployment, key: str) -> int:
    """Sends the picture as a form; returns the status."""
    boundary = "a-boundary-that-no-webp-holds"
    field = 'Content-Disposition: form-data; name="{}"'
    parts = [
        f"{field.format('product_id')}\r\n\r\n{PRODUCT}\r\n".encode(),
        f"{field.format('name')}\r\n\r\nDeployment test\r\n".encode(),
        f'{field.format("image_file")}; filename="{PICTURE.name}"\r\n\r\n'.encode()
        + PICTURE.read_bytes()
        + b"\r\n",
    ]
    body = b"".join(f"--{boundary}\r\n".encode() + part for part in parts)
    body += f"--{boundary}--\r\n".encode()
    content_type = f"multipart/form-data; boundary={boundary}"
    return call_api(deployment, "POST", "index-product-with-image", key, body, content_type)[0]


def call_api(
    deployment: Deployment,
    method: str,
    path: str,
    key: str = "",
    body: bytes | None = None,
    content_type: str = "application/json",
) -> tuple[int, Any]:
    """Returns status and JSON; the status is 0 if there was no response."""
    headers = {"x-functions-key": key, "content-type": content_type}
    url = f"{deployment.uri}/api/v1/{path}"
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310  # azd's https
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            content = response.read()
            return response.status, json.loads(content) if content else None
    except urllib.error.HTTPError as error:
        return error.code, None
    except OSError:
        return 0, None


if __name__ == "__main__":
    main()
