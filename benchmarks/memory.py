"""Resident memory of a serving process with the full architecture, step by step.

Both int8 towers, Qdrant's client and a storage client are loaded and used. Azure's own worker
code in the same process comes on top. With ``--limit-mb`` the process cannot have more private
memory than that (RLIMIT_DATA): it does its work below it, or dies.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.cold_start import said, serving_environment
from benchmarks.full_size import add_bundle, check_bundle
from benchmarks.report import arguments, publish, table
from tests.golden.pictures import photo

LIMIT_MB = 400
"""What leaves room in Flex Consumption's 512 MB instance for the worker and the host's share."""


def main() -> None:
    parser = arguments(__doc__ or "")
    add_bundle(parser)
    parser.add_argument("--limit-mb", type=int, default=0, help="0: none")
    asked = parser.parse_args()
    bundle = check_bundle(asked.bundle)
    with serving_environment(bundle) as environment, tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "photo.jpg"
        picture.write_bytes(photo(4000, 3000, kind="JPEG"))
        limited = environment | {"LIMIT_MB": str(asked.limit_mb)}
        steps = said(limited, "memory", str(picture))
    rows = [[step["step"], f"{step['now']:.0f}", f"{step['highest']:.0f}"] for step in steps]
    body = table(["after", "resident MB", "highest so far"], rows)
    body += f"\n\nThe query picture is a JPEG of 12 megapixels. The aim is {LIMIT_MB} MB at most."
    if asked.limit_mb:
        body += f" All of it was done under a limit of {asked.limit_mb} MB."
    publish("Memory of a serving process", body, asked.out)


if __name__ == "__main__":
    main()
