"""``python -m cli.index``: uploads a folder or a feed, has it indexed, and shows how far it is.

    python -m cli.index photos/            every picture below it, by its path as blob name
    python -m cli.index spring.csv         a catalogue feed, CSV or JSON lines
    python -m cli.index --prefix dress-    what lies in the container already
    python -m cli.index --job job-…        a job that runs

Works on the app on this machine and on a deployed one (``--url``, ``--key``). A folder is uploaded
to where the settings say: ``AzureWebJobsStorage`` of the environment, else the local folder.
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

from cli.client import Client, Unexpected
from shared_code.app import App
from shared_code.settings import Settings

PATH = "/api/v1/index-batch"
EVERY_S = 1.0
MAX_OUTAGES = 30
"""Looks in a row that find nobody: a host that is started anew takes some seconds."""

_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".tif": "image/tiff"}
_PICTURES = {*_TYPES, ".png", ".webp", ".gif", ".bmp", ".tiff", ".avif"}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cli.index",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", type=Path, help="a folder of pictures, or a feed")
    parser.add_argument("--prefix", help="of blobs that are there already; '' for all")
    parser.add_argument("--job", help="the id of a job that was begun")
    parser.add_argument("--url", default="http://127.0.0.1:7071")
    parser.add_argument("--key", default=os.environ.get("FUNCTION_KEY", ""), help="function key")
    asked = parser.parse_args(arguments)
    if sum(given is not None for given in (asked.what, asked.prefix, asked.job)) != 1:
        parser.error("give a folder, a feed, --prefix or --job")
    app = Client(asked.url, asked.key)
    try:
        return watch(app, asked.job or begin(app, asked))
    except (OSError, Unexpected) as exc:
        print(f"jobs: {asked.url}: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe job goes on without you. DELETE /api/v1/jobs/{id} ends it.", file=sys.stderr)
        return 130


def begin(app: Client, asked: argparse.Namespace) -> str:
    """The id of a new job."""
    if asked.what is None:
        started = app.post_json(PATH, {"prefix": asked.prefix})
    elif asked.what.is_dir():
        upload(asked.what)
        started = app.post_json(PATH, {"prefix": ""})
    else:
        started = app.post_file(PATH, asked.what)
    return str(started["id"])


def upload(folder: Path) -> None:
    """Pictures, and the JSON beside them, to the images container; what is there is left."""
    files = [path for path in sorted(folder.rglob("*")) if _is_wanted(path, folder)]
    images = App(Settings.from_env()).images
    for path in tqdm(files, desc="uploaded", unit=" files"):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        known = images.read(name)
        if known is None or known.data != data:
            images.write(name, data, content_type=_content_type(path))


def watch(app: Client, job_id: str) -> int:
    """Until the job has ended; 0 when it has done all it could."""
    bar = tqdm(total=None, desc=job_id, unit=" items")
    for job in _looks(app, job_id):
        bar.total = job["total"] or max(job["listed"], job["done"]) or None
        bar.n = job["done"]
        bar.set_postfix(_parts(job), refresh=True)
    bar.close()
    for problem in job["problems"]:
        print(f"  {problem['what']}: {problem['reason']}")
    said = ", ".join(f"{count} {name}" for name, count in _parts(job).items())
    rate = f"; {job['images_per_second']} pictures a second" if job["images_per_second"] else ""
    print(f"{job['state']}: {job['done']} items: {said or 'nothing to do'}{rate}")
    if job.get("error"):
        print(job["error"], file=sys.stderr)
    return 0 if job["state"] == "completed" else 1


def _looks(app: Client, job_id: str) -> Iterator[dict[str, Any]]:
    outages = 0
    while True:
        try:
            job = app.get(f"/api/v1/jobs/{quote(job_id, safe='')}")
        except OSError:
            outages += 1
            if outages > MAX_OUTAGES:
                raise
        else:
            outages = 0
            yield job
            if job["ended"]:
                return
        time.sleep(EVERY_S)


def _parts(job: dict[str, Any]) -> dict[str, int]:
    return {name: job[name] for name in ("indexed", "skipped", "removed", "failed") if job[name]}


def _is_wanted(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.is_file() and not hidden and path.suffix.lower() in {*_PICTURES, ".json"}


def _content_type(path: Path) -> str:
    ending = path.suffix.lower()
    if ending == ".json":
        return "application/json"
    return _TYPES.get(ending, f"image/{ending[1:]}")


if __name__ == "__main__":
    sys.exit(main())
