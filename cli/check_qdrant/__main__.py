"""``make check-qdrant``: can the app with these settings work with its Qdrant server?

Reads the app settings from the environment, else from local.settings.json. It changes nothing
on the server. Exits with 1 when something is wrong, with 2 when there is nothing to check.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from cli.check_qdrant.collection_checks import Finding
from cli.check_qdrant.probe import QdrantProbe
from cli.local_settings import InvalidLocalSettings, load_local_settings
from shared_code.adapters.clip.bundle import load_bundle
from shared_code.domain.errors import AppError
from shared_code.settings import Settings
from shared_code.wiring import collection_spec, connect_to_qdrant

_MARKS = {"ok": "ok", "warning": "look", "wrong": "WRONG"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cli.check_qdrant", description=__doc__)
    parser.add_argument(
        "--for",
        dest="purpose",
        choices=["index", "search"],
        default="index",
        help="what the app does: index needs a key that writes, search one that reads",
    )
    purpose = parser.parse_args().purpose
    try:
        load_local_settings(Path())
        settings = Settings.from_env()
    except (AppError, InvalidLocalSettings) as exc:
        print(exc, file=sys.stderr)
        return 2
    if not settings.qdrant_url:
        print("QDRANT_URL is not set: the app would use the embedded index.", file=sys.stderr)
        return 2
    try:
        return check_server(settings, must_write=purpose == "index")
    except AppError as exc:
        print(exc.detail, file=sys.stderr)
        return 1


def check_server(settings: Settings, *, must_write: bool) -> int:
    """Prints the findings; returns 1 when one of them is wrong, else 0."""
    bundles = [settings.model_dir, *([settings.next_model_dir] * settings.has_next_model)]
    models = [load_bundle(bundle).model for bundle in bundles]
    specs = [collection_spec(settings, model) for model in models]
    client = connect_to_qdrant(settings)
    try:
        return _print_findings(QdrantProbe(client, specs, must_write=must_write).run())
    finally:
        client.close()


def _print_findings(findings: Iterable[Finding]) -> int:
    is_wrong = False
    for finding in findings:
        print(f"{_MARKS[finding.level]:<6} {finding.subject:<16} {finding.summary}")
        if finding.remedy:
            print(f"{'':<23} {finding.remedy}")
        is_wrong = is_wrong or finding.level == "wrong"
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
