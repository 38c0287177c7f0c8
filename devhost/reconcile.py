"""``python -m devhost.reconcile``: compares container and index, call by call, until it is done.

Works on the app on this machine and on a deployed one (``--url``, ``--key``).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

PATH = "/api/v1/reconcile"
SECONDS = 60
"""Of one call; the app goes on where the last one ended."""
MAX_OUTAGES = 10
"""Calls in a row that find the index or storage down."""

COUNTED = "indexed", "removed", "failed", "known_failures", "failures_cleared", "errors"


class Refused(Exception):
    """An answer that asking again does not mend."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devhost.reconcile", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:7071")
    parser.add_argument("--key", default=os.environ.get("FUNCTION_KEY", ""), help="function key")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--restart", action="store_true", help="begin anew, not where it was left")
    asked = parser.parse_args(arguments)
    try:
        report = run(asked.url, asked.key, dry_run=asked.dry_run, restart=asked.restart)
    except (OSError, Refused) as exc:
        print(f"reconcile: {asked.url}: {exc}", file=sys.stderr)
        return 1
    for example in report["examples"]:
        print(f"  {example['outcome']:>15}  {example['what']}")
    return 1 if report["errors"] else 0


def run(url: str, key: str, *, dry_run: bool, restart: bool) -> dict[str, Any]:
    """Calls until it is done; prints a line for each. Raises Refused, or OSError without an app."""
    outages = 0
    while True:
        options = {"seconds": SECONDS, "dry_run": dry_run, "restart": restart}
        status, body, wait_s = _post(url, key, options)
        if status == HTTPStatus.SERVICE_UNAVAILABLE and outages < MAX_OUTAGES:
            outages += 1
            print(f"  {body.get('detail', 'unavailable')} Again in {wait_s} s.")
            time.sleep(wait_s)
            continue
        if status != HTTPStatus.OK:
            raise Refused(f"answered {status}: {body.get('detail', '')}")
        outages, restart = 0, False
        print(_line(body))
        if body["done"]:
            return body


def _post(url: str, key: str, options: Mapping[str, object]) -> tuple[int, dict[str, Any], int]:
    """Status, body, and the seconds to wait before trying again."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=SECONDS + 170)  # Azure ends a request at 230 s
    query = urlencode({name: str(value).lower() for name, value in options.items()})
    try:
        headers = {"x-functions-key": key} if key else {}
        connection.request("POST", f"{parts.path.rstrip('/')}{PATH}?{query}", headers=headers)
        response = connection.getresponse()
        try:
            body = json.loads(response.read() or b"{}")
        except ValueError as exc:
            raise Refused(f"answered {response.status}, and not in JSON") from exc
        return response.status, body, int(response.getheader("retry-after") or 5)
    finally:
        connection.close()


def _line(body: dict[str, Any]) -> str:
    looked = f"looked at {body['blobs']} blobs and {body['points']} points"
    counts = [f"{body[name]} {name.replace('_', ' ')}" for name in COUNTED if body[name]]
    done = "would be" if body["dry_run"] else "done"
    state = "finished" if body["done"] else f"in the {body['phase']}"
    return f"{state}: {looked}; {done}: {', '.join(counts) or 'nothing'}"


if __name__ == "__main__":
    sys.exit(main())
