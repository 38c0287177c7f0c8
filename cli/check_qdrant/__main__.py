"""``make check-qdrant``: can the app with these settings work with its Qdrant server?

Reads the app settings from the environment, else from local.settings.json. It changes nothing
on the server. Exits with 1 when something is wrong, with 2 when there is nothing to look at.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from devhost.project import Project, Refused
from shared_code.domain.errors import AppError
from shared_code.settings import Settings

if TYPE_CHECKING:
    from cli.check_qdrant.collection_checks import Finding

_SIGNS = {"ok": "ok", "warning": "look", "wrong": "WRONG"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--for",
        dest="purpose",
        choices=["index", "search"],
        default="index",
        help="what the key has to allow; search: reading will do",
    )
    purpose = parser.parse_args().purpose
    try:
        Project.load(Path().resolve())
        settings = Settings.from_env()
    except (AppError, Refused) as exc:
        print(exc, file=sys.stderr)
        return 2
    if not settings.qdrant_url:
        print("QDRANT_URL is not set: the app would use the embedded index.", file=sys.stderr)
        return 2
    try:
        return checked(settings, must_write=purpose == "index")
    except AppError as exc:
        print(exc.detail, file=sys.stderr)
        return 1


def checked(settings: Settings, *, must_write: bool) -> int:
    from cli.check_qdrant.probe import Probe
    from shared_code.adapters.clip.bundle import load_bundle
    from shared_code.wiring import collection_spec, connect_to_qdrant

    bundles = [settings.model_dir, *([settings.next_model_dir] * settings.has_next_model)]
    specs = [collection_spec(settings, load_bundle(each).model) for each in bundles]
    client = connect_to_qdrant(settings)
    try:
        return _shown(Probe(client, specs, must_write=must_write).run())
    finally:
        client.close()


def _shown(found: Iterable[Finding]) -> int:
    wrong = 0
    for each in found:
        print(f"{_SIGNS[each.level]:<6} {each.what:<16} {each.says}")
        if each.remedy:
            print(f"{'':<23} {each.remedy}")
        wrong += each.level == "wrong"
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
