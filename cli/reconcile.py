"""``python -m cli.reconcile``: compares container and index, call by call, until it is done.

Works with the app on this machine and with a deployed one (``--url``, ``--key``).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any
from urllib.parse import urlencode

from cli.client import AppClient, AppUnavailable, RequestFailed

PATH = "/api/v1/reconcile"
CALL_SECONDS = 60
"""How long the app works in one call; the next call resumes where that one stopped."""
MAX_OUTAGES = 10
"""Calls in a row for which the index or storage was down."""

COUNTS = "indexed", "removed", "failed", "known_failures", "failures_cleared", "errors"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cli.reconcile", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:7071")
    parser.add_argument("--key", default=os.environ.get("FUNCTION_KEY", ""), help="function key")
    parser.add_argument("--dry-run", action="store_true", help="only report what would be done")
    parser.add_argument(
        "--restart", action="store_true", help="start over instead of resuming the last run"
    )
    options = parser.parse_args(arguments)
    app = AppClient(options.url, options.key)
    try:
        report = reconcile(app, dry_run=options.dry_run, restart=options.restart)
    except (OSError, RequestFailed) as exc:
        print(f"reconcile: {options.url}: {exc}", file=sys.stderr)
        return 1
    for example in report["examples"]:
        print(f"  {example['outcome']:>15}  {example['what']}")
    return 1 if report["errors"] else 0


def reconcile(app: AppClient, *, dry_run: bool, restart: bool) -> dict[str, Any]:
    """Calls until it is done, and prints a line for each call; returns the last report."""
    outages = 0
    while True:
        options = {"seconds": CALL_SECONDS, "dry_run": dry_run, "restart": restart}
        query = urlencode({name: str(value).lower() for name, value in options.items()})
        try:
            report: dict[str, Any] = app.post(f"{PATH}?{query}")
        except AppUnavailable as exc:
            outages += 1
            if outages > MAX_OUTAGES:
                raise
            print(f"  {exc} Next try in {exc.retry_after_s} s.")
            time.sleep(exc.retry_after_s)
            continue
        outages, restart = 0, False
        print(_progress_line(report))
        if report["done"]:
            return report


def _progress_line(report: dict[str, Any]) -> str:
    compared = f"compared {report['blobs']} blobs and {report['points']} points"
    counts = [f"{report[name]} {name.replace('_', ' ')}" for name in COUNTS if report[name]]
    tense = "would be" if report["dry_run"] else "done"
    state = "finished" if report["done"] else f"in the {report['phase']}"
    return f"{state}: {compared}; {tense}: {', '.join(counts) or 'nothing'}"


if __name__ == "__main__":
    sys.exit(main())
