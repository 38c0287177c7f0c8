"""Resident memory of a serving process with the full architecture, step by step.

Both int8 towers, Qdrant's client and a storage client are loaded and used. Azure's own worker
code in the same process comes on top.
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
    asked = parser.parse_args()
    bundle = check_bundle(asked.bundle)
    with serving_environment(bundle) as environment, tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "photo.jpg"
        picture.write_bytes(photo(4000, 3000, kind="JPEG"))
        steps = said(environment, "memory", str(picture))
    rows = [[step["step"], f"{step['now']:.0f}", f"{step['highest']:.0f}"] for step in steps]
    body = table(["after", "resident MB", "highest so far"], rows)
    body += f"\n\nThe query picture is a JPEG of 12 megapixels. The aim is {LIMIT_MB} MB at most."
    publish("Memory of a serving process", body, asked.out)


if __name__ == "__main__":
    main()
