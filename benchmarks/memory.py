"""Measures the resident memory of a serving process, step by step and after large uploads.

It runs the packaged app with both int8 towers of the full architecture, Qdrant's client and a
storage client. Azure's own worker code in the same process is not included. With ``--limit-mb`` the
first process cannot have more private memory than that (RLIMIT_DATA): it works below the limit, or
dies.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.harness.full_size import add_bundle_argument, check_bundle
from benchmarks.harness.packaged import (
    MeasuredApp,
    add_package_argument,
    check_package,
    make_cloud_environment,
    run_step,
)
from benchmarks.harness.report import make_parser, publish
from model_export.markdown import render_table
from tests.golden.pictures import photo

LIMIT_MB = 400
"""Leaves room in a 512 MB instance of Flex Consumption for the worker and the host."""
UPLOAD_MB = 19
"""Just below MAX_UPLOAD_MB."""
VARIANTS = {
    "as deployed": {},
    "with glibc's own number of arenas": {"MALLOC_ARENA_MAX": "0"},
}
"""Settings in addition to those of a deployed app, by their name in the table."""


def main() -> None:
    parser = make_parser(__doc__ or "")
    add_bundle_argument(parser)
    add_package_argument(parser)
    parser.add_argument("--limit-mb", type=int, default=0, help="0: none")
    options = parser.parse_args()
    bundle = check_bundle(options.bundle)
    app = MeasuredApp(check_package(options.package))
    with make_cloud_environment(bundle) as environment, tempfile.TemporaryDirectory() as folder:
        paths = [str(path) for path in write_pictures(Path(folder))]
        limited = {**environment, "LIMIT_MB": str(options.limit_mb)}
        steps = run_step(app, limited, "memory", paths[0])
        uploads = {
            name: run_step(app, {**environment, **settings}, "uploads", *paths)
            for name, settings in VARIANTS.items()
        }
    rows = [[step["step"], f"{step['now']:.0f}", f"{step['highest']:.0f}"] for step in steps]
    body = render_table(["after", "resident MB", "highest so far"], rows)
    body += f"\n\nThe query picture is a JPEG of 12 megapixels. The aim is {LIMIT_MB} MB at most."
    if options.limit_mb:
        body += f" All of it was done under a limit of {options.limit_mb} MB."
    body += f"\n\n## Uploads of {UPLOAD_MB} MB\n\n{render_uploads(uploads)}"
    publish("Memory of a serving process", body, options.out)


def write_pictures(folder: Path) -> list[Path]:
    """Writes a photograph of 12 megapixels, and the same one as a file of UPLOAD_MB: phones append
    more pictures after the end marker, which decoders do not read."""
    small, large = folder / "photo.jpg", folder / "large.jpg"
    small.write_bytes(photo(4000, 3000, kind="JPEG"))
    appended = UPLOAD_MB * 1_000_000 - small.stat().st_size
    large.write_bytes(small.read_bytes() + os.urandom(appended))
    return [small, large]


def render_uploads(uploads: Mapping[str, list[dict[str, float]]]) -> str:
    rows = []
    for name, steps in uploads.items():
        before = steps[0]["now"]
        for step in steps:
            ms_each = f"{step['seconds'] * 1000:.0f}" if "seconds" in step else ""
            growth = f"{step['now'] - before:+.0f}"
            rows.append(
                [
                    name,
                    step["step"],
                    f"{step['now']:.0f}",
                    growth,
                    f"{step['highest']:.0f}",
                    ms_each,
                ]
            )
    header = ["", "after", "resident MB", "above the level before", "highest meanwhile", "ms each"]
    return render_table(header, rows)


if __name__ == "__main__":
    main()
