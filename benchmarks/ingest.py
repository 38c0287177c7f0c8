"""Measures how fast dropped pictures become searchable, compared with the encoder alone.

Bulk: the pictures are moved into the images folder at once, and the clock runs until the index
holds all of them. That includes reading the folder, decode, embed and write. The encoder's own
throughput is measured on the same pictures in the same round: one thread per core, each of which
decodes and embeds batches of four. Its pictures are in memory already.

Single: a picture is in the folder; the clock runs from the Event Grid notification until
``GET products/{id}`` has it. The time to decode it and to embed picture and name, measured alone
in the same round, is subtracted.

Rounds take turns, so that a busy moment affects all. Store and index are a folder and the embedded
index.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from PIL import ImageOps

from benchmarks.harness.host import run_host
from benchmarks.harness.report import make_parser, publish
from model_export.markdown import render_table
from samples.catalogue import load
from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.domain.naming import derive_name
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.chaos.pictures import encode, open_flat, vary

BATCH = 4
BULK_TARGET = 0.85
SINGLE_TARGET_MS = 30


def main() -> None:
    parser = make_parser(__doc__ or "")
    add_picture_arguments(parser, pictures=600, rounds=5)
    parser.add_argument("--singles", type=int, default=15, help="per round")
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    pictures = make_pictures(options.pictures, options.side)
    encoder = open_encoder(Settings(model_dir=options.model))
    measure_batches_per_s(encoder, pictures[:40])  # loads the model
    rounds = [IngestRound(encoder, pictures, options) for _ in range(options.rounds)]
    publish("From drop to searchable", render_report(rounds, options, load_before), options.out)


def add_picture_arguments(parser: argparse.ArgumentParser, *, pictures: int, rounds: int) -> None:
    parser.add_argument("--model", type=Path, default=Settings().model_dir, help="a bundle")
    parser.add_argument(
        "--side", type=int, default=256, help="longest side of the pictures in pixels"
    )
    parser.add_argument("--pictures", type=int, default=pictures)
    parser.add_argument("--rounds", type=int, default=rounds)


def make_pictures(count: int, side: int) -> list[bytes]:
    """Returns the samples as JPEG, then crops of them in other colours; no two are the same."""
    rng = random.Random(1)  # noqa: S311
    originals = [path for product in load() for path in product.images]
    images = (open_flat(originals[n % len(originals)], side=side) for n in range(count))
    turned = (i if n < len(originals) else vary(i, rng) for n, i in enumerate(images))
    return [encode(ImageOps.contain(i, (side, side)), "JPEG", quality=85) for i in turned]


def measure_batches_per_s(encoder: ClipEncoder, pictures: Sequence[bytes]) -> float:
    """Decodes and embeds on every core; returns pictures per second."""

    def batch(start: int) -> None:
        encoder.encode_images([encoder.decode(p) for p in pictures[start : start + BATCH]])

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with ThreadPoolExecutor(cores) as pool:
        took = measure_seconds(lambda: list(pool.map(batch, range(0, len(pictures), BATCH))))
    return len(pictures) / took


def measure_seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


class IngestRound:
    """One measurement of each kind, one after the other, in a new folder."""

    def __init__(
        self, encoder: ClipEncoder, pictures: Sequence[bytes], options: argparse.Namespace
    ) -> None:
        self.encoder_per_s = measure_batches_per_s(encoder, pictures)
        with (
            tempfile.TemporaryDirectory() as folder,
            run_host(local_dir=Path(folder), MODEL_DIR=str(options.model.resolve())) as client,
        ):
            dropper = PictureDropper(client, Path(folder))
            dropper.drop_one("warm-up", pictures[0])
            self.singles_ms = [
                dropper.drop_one(f"single-{n}", p)
                for n, p in enumerate(pictures[1 : options.singles + 1])
            ]
            self.ingest_per_s = len(pictures) / dropper.drop_all(pictures)
        self.alone_ms = [
            1000 * measure_seconds(lambda p=p, n=n: embed_alone(encoder, p, f"single-{n}"))  # type: ignore[misc]
            for n, p in enumerate(pictures[1 : options.singles + 1])
        ]

    @property
    def ratio(self) -> float:
        return self.ingest_per_s / self.encoder_per_s

    @property
    def beyond_ms(self) -> float:
        return statistics.median(self.singles_ms) - statistics.median(self.alone_ms)


def embed_alone(encoder: ClipEncoder, picture: bytes, product_id: str) -> None:
    encoder.encode_images([encoder.decode(picture)])
    encoder.encode_texts([derive_name(f"{product_id}.jpg")])


class PictureDropper:
    """Puts pictures into the images folder of a running host, and waits until they are indexed."""

    def __init__(self, client: httpx.Client, folder: Path) -> None:
        self._client = client
        self._images = folder / "storage" / "images"
        self._staged = folder / "staged"
        self._images.mkdir(parents=True, exist_ok=True)
        self._staged.mkdir()

    def drop_one(self, product_id: str, picture: bytes) -> float:
        """Returns the milliseconds from the event until the product is there."""
        (self._staged / "one").write_bytes(picture)
        (self._staged / "one").rename(self._images / f"{product_id}.jpg")
        took = measure_seconds(lambda: self._send_event_and_wait(product_id))
        self._wait_until(
            lambda: self._count_pending() == 0
        )  # the host finds it in the folder as well
        time.sleep(0.5)
        return 1000 * took

    def _send_event_and_wait(self, product_id: str) -> None:
        url = f"http://127.0.0.1:10000/devstoreaccount1/images/{product_id}.jpg"
        self._client.post(
            "/runtime/webhooks/blobs?functionName=Host.Functions.blob_changed",
            json=[{"data": {"url": url, "eTag": "0x0", "blobType": "BlockBlob"}}],
            headers={"aeg-event-type": "Notification"},
        ).raise_for_status()
        self._wait_until(lambda: self._client.get(f"/api/v1/products/{product_id}").is_success)

    def drop_all(self, pictures: Sequence[bytes]) -> float:
        """Returns the seconds from the move of the pictures until the index holds all of them."""
        for number, picture in enumerate(pictures):
            (self._staged / f"bulk-{number}.jpg").write_bytes(picture)
        expected = self._count_indexed() + len(pictures)
        started = time.perf_counter()
        for file in self._staged.iterdir():
            file.rename(self._images / file.name)
        self._wait_until(lambda: self._count_indexed() >= expected, every_s=0.1)
        return time.perf_counter() - started

    def _wait_until(self, holds: Callable[[], bool], *, every_s: float = 0.001) -> None:
        while not holds():
            time.sleep(every_s)

    def _count_indexed(self) -> int:
        return int(self._client.get("/api/v1/stats").json()["images"])

    def _count_pending(self) -> int:
        return int(self._client.get("/admin/host/status").json()["pendingBlobEvents"])


def render_report(
    rounds: Sequence[IngestRound], options: argparse.Namespace, load_before: float
) -> str:
    def median(values: Sequence[float]) -> float:
        return statistics.median(values)

    bulk = [
        ["the encoder alone, pictures/s", f"{median([r.encoder_per_s for r in rounds]):.1f}"],
        ["dropped until searchable, pictures/s", f"{median([r.ingest_per_s for r in rounds]):.1f}"],
        [
            f"ratio (target: at least {BULK_TARGET})",
            f"{median([r.ratio for r in rounds]):.2f} "
            f"({min(r.ratio for r in rounds):.2f} to {max(r.ratio for r in rounds):.2f})",
        ],
    ]
    single = [
        ["event until searchable, ms", f"{median([m for r in rounds for m in r.singles_ms]):.1f}"],
        ["decode and embed alone, ms", f"{median([m for r in rounds for m in r.alone_ms]):.1f}"],
        [
            f"beyond them, ms (target: at most {SINGLE_TARGET_MS})",
            f"{median([r.beyond_ms for r in rounds]):.1f} "
            f"({min(r.beyond_ms for r in rounds):.1f} to {max(r.beyond_ms for r in rounds):.1f})",
        ],
    ]
    setup = (
        f"{options.pictures} JPEGs of up to {options.side} pixels a side, {options.rounds} rounds"
    )
    header = [f"{setup}: the median of the rounds, and their range", ""]
    model = open_encoder(Settings(model_dir=options.model)).model.name
    model_and_load = f"Model: {model}. The machine's load before the run was {load_before:.1f}."
    return "\n\n".join([render_table(header, [*bulk, *single]), model_and_load])


if __name__ == "__main__":
    main()
