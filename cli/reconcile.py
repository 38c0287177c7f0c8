"""``python -m cli.reconcile``: compares container and index, call by call, until it is done.

Works on the app on this machine and on a deployed one (``--url``, ``--key``).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any
from urllib.parse import urlencode

from cli.client import Away, Client, Unexpected

PATH = "/api/v1/reconcile"
SECONDS = 60
"""Of one call; the app goes on where the last one ended."""
MAX_OUTAGES = 10
"""Calls in a row that find the index or storage down."""

COUNTED = "indexed", "removed", "failed", "known_failures", "failures_cleared", "errors"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cli.reconcile", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:7071")
    parser.add_argument("--key", default=os.environ.get("FUNCTION_KEY", ""), help="function key")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--restart", action="store_true", help="begin anew, not where it was left")
    asked = parser.parse_args(arguments)
    try:
        report = run(Client(asked.url, asked.key), dry_run=asked.dry_run, restart=asked.restart)
    except (OSError, Unexpected) as exc:
        print(f"reconcile: {asked.url}: {exc}", file=sys.stderr)
        return 1
    for example in report["examples"]:
        print(f"  {example['outcome']:>15}  {example['what']}")
    return 1 if report["errors"] else 0


def run(app: Client, *, dry_run: bool, restart: bool) -> dict[str, Any]:
    """Calls until it is done; prints a line for each. Raises as the client does."""
    outages = 0
    while True:
        options = {"seconds": SECONDS, "dry_run": dry_run, "restart": restart}
        query = urlencode({name: str(value).lower() for name, value in options.items()})
        try:
            body: dict[str, Any] = app.post(f"{PATH}?{query}")
        except Away as exc:
            outages += 1
            if outages > MAX_OUTAGES:
                raise
            print(f"  {exc} Again in {exc.wait_s} s.")
            time.sleep(exc.wait_s)
            continue
        outages, restart = 0, False
        print(_line(body))
        if body["done"]:
            return body


def _line(body: dict[str, Any]) -> str:
    looked = f"looked at {body['blobs']} blobs and {body['points']} points"
    counts = [f"{body[name]} {name.replace('_', ' ')}" for name in COUNTED if body[name]]
    done = "would be" if body["dry_run"] else "done"
    state = "finished" if body["done"] else f"in the {body['phase']}"
    return f"{state}: {looked}; {done}: {', '.join(counts) or 'nothing'}"


if __name__ == "__main__":
    sys.exit(main())
