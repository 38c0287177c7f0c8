"""Drops the sample catalogue into the images container, and waits until it is searchable."""

from __future__ import annotations

import json
import mimetypes
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from tqdm import tqdm

from cli.client import Client

if TYPE_CHECKING:
    from shared_code.domain.ports import BlobStore

_NOTICED_AFTER_S = 2.5
"""By then the host has seen what was dropped: two scans of a folder, or one of Azurite."""


class Sample(Protocol):
    @property
    def product_id(self) -> str: ...
    @property
    def images(self) -> Sequence[Path]: ...


@dataclass(frozen=True, slots=True)
class SampleDrop:
    store: BlobStore
    client: Client
    words: dict[str, Any]
    """Product id to its product.json."""
    products: Sequence[Sample]

    def drop(self) -> int:
        """Writes what is not there yet or differs; returns how many blobs that were."""
        return sum(self._write(product, only_new=True) for product in self.products)

    def wait(self, stop: threading.Event, *, dropped: int, timeout_s: float) -> int:
        """Asks the app itself, with a progress bar. Returns how many products are missing."""
        with tqdm(
            total=len(self.products), desc="Indexing the samples", unit="product", leave=False
        ) as bar:
            missing = self._wait(bar, stop, dropped, timeout_s)
            if missing and not stop.is_set():
                # the host delivered them once, but to an index that is not this one any more
                dropped = sum(self._write(product, only_new=False) for product in missing)
                missing = self._wait(bar, stop, dropped, timeout_s)
        return len(missing)

    def _wait(
        self, bar: tqdm[Any], stop: threading.Event, dropped: int, timeout_s: float
    ) -> list[Sample]:
        began = time.monotonic()
        while not stop.is_set() and time.monotonic() - began < timeout_s:
            indexed = int(self.client.get("/api/v1/stats")["products"])
            bar.update(min(len(self.products), indexed) - bar.n)
            noticed = not dropped or time.monotonic() - began > _NOTICED_AFTER_S
            if self._pending() == 0 and (noticed or bar.n == bar.total):
                break
            stop.wait(0.1)
        return [] if stop.is_set() else self._missing()

    def _pending(self) -> int:
        return int(self.client.get("/admin/host/status")["pendingBlobEvents"])

    def _missing(self) -> list[Sample]:
        def path(product: Sample) -> str:
            return f"/api/v1/products/{quote(product.product_id, safe='')}"

        return [product for product in self.products if not self.client.found(path(product))]

    def _write(self, product: Sample, *, only_new: bool) -> int:
        # the words first: a picture that finds its words there is written to the index once
        words = json.dumps(self.words[product.product_id], ensure_ascii=False, indent=1)
        blobs = {"product.json": words.encode()}
        blobs |= {image.name: image.read_bytes() for image in product.images}
        written = 0
        for name, data in blobs.items():
            blob = f"{product.product_id}/{name}"
            there = self.store.read(blob) if only_new else None
            if there is None or there.data != data:
                content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
                self.store.write(blob, data, content_type=content_type)
                written += 1
        return written
