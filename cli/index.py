"""``python -m cli.index``: uploads a folder or a feed, has it indexed, and shows the progress.

    python -m cli.index photos/            every picture below it; its path becomes the blob's name
    python -m cli.index spring.csv         a catalogue feed, CSV or JSON lines
    python -m cli.index --prefix dress-    blobs that are in the container already
    python -m cli.index --job job-…        a job that is running

Works with the app on this machine and with a deployed one (``--url``, ``--key``). A folder is
uploaded to the storage account in ``AzureWebJobsStorage``, or to the local folder without one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tqdm import tqdm

from cli.client import AppClient, RequestFailed
from shared_code.app import App
from shared_code.settings import Settings

PATH = "/api/v1/index-batch"
POLL_INTERVAL_S = 1.0
MAX_FAILED_POLLS = 30
"""In a row: an app that is restarted is away for some seconds."""

_PICTURE_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".tif": "image/tiff"}
_PICTURE_SUFFIXES = {*_PICTURE_TYPES, ".png", ".webp", ".gif", ".bmp", ".tiff", ".avif"}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cli.index",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", type=Path, help="a folder of pictures, or a feed")
    parser.add_argument("--prefix", help="index blobs whose names begin with this; '' for all")
    parser.add_argument("--job", help="the id of a job that was started before")
    parser.add_argument("--url", default="http://127.0.0.1:7071")
    parser.add_argument("--key", default=os.environ.get("FUNCTION_KEY", ""), help="function key")
    options = parser.parse_args(arguments)
    if sum(option is not None for option in (options.source, options.prefix, options.job)) != 1:
        parser.error("give one of these: a folder, a feed, --prefix or --job")
    app = AppClient(options.url, options.key)
    try:
        job_id = options.job or start_job(app, source=options.source, prefix=options.prefix)
        return follow_job(app, job_id)
    except (OSError, RequestFailed) as exc:
        print(f"index: {options.url}: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe job runs on in the app. DELETE /api/v1/jobs/{id} cancels it.", file=sys.stderr)
        return 130


def start_job(app: AppClient, *, source: Path | None, prefix: str | None) -> str:
    """Returns the id of the new job."""
    if source is None:
        job = app.post_json(PATH, {"prefix": prefix})
    elif source.is_dir():
        upload_folder(source)
        job = app.post_json(PATH, {"prefix": ""})
    else:
        job = app.post_file(PATH, source)
    return str(job["id"])


def upload_folder(folder: Path) -> None:
    """Uploads pictures and the JSON files beside them; blobs with the same content are left."""
    files = [path for path in sorted(folder.rglob("*")) if _is_uploaded(path, folder)]
    images = App(Settings.from_env()).images
    for path in tqdm(files, desc="uploaded", unit=" files"):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        stored = images.read(name)
        if stored is None or stored.data != data:
            images.write(name, data, content_type=_content_type(path))


def follow_job(app: AppClient, job_id: str) -> int:
    """Shows a progress bar until the job has ended; returns 0 when it has completed."""
    bar = tqdm(total=None, desc=job_id, unit=" items")
    for job in _poll_job(app, job_id):
        bar.total = job["total"] or max(job["listed"], job["done"]) or None
        bar.n = job["done"]
        bar.set_postfix(_outcomes(job), refresh=True)
    bar.close()
    for problem in job["problems"]:
        print(f"  {problem['what']}: {problem['reason']}")
    outcomes = ", ".join(f"{count} {name}" for name, count in _outcomes(job).items())
    rate = f"; {job['images_per_second']} pictures a second" if job["images_per_second"] else ""
    print(f"{job['state']}: {job['done']} items: {outcomes or 'nothing to do'}{rate}")
    if job.get("error"):
        print(job["error"], file=sys.stderr)
    return 0 if job["state"] == "completed" else 1


def _poll_job(app: AppClient, job_id: str) -> Iterator[dict[str, Any]]:
    failed_polls = 0
    while True:
        try:
            job = app.get(f"/api/v1/jobs/{quote(job_id, safe='')}")
        except OSError:
            failed_polls += 1
            if failed_polls > MAX_FAILED_POLLS:
                raise
        else:
            failed_polls = 0
            yield job
            if job["ended"]:
                return
        time.sleep(POLL_INTERVAL_S)


def _outcomes(job: dict[str, Any]) -> dict[str, int]:
    return {name: job[name] for name in ("indexed", "skipped", "removed", "failed") if job[name]}


def _is_uploaded(path: Path, folder: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    is_of_use = path.suffix.lower() in {*_PICTURE_SUFFIXES, ".json"}
    return path.is_file() and is_of_use and not is_hidden


def _content_type(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix == ".json":
        return "application/json"
    return _PICTURE_TYPES.get(suffix, f"image/{suffix[1:]}")


if __name__ == "__main__":
    sys.exit(main())
