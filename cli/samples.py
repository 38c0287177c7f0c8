"""Puts the sample catalogue into the images container, and waits until it can be searched."""

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

from cli.client import AppClient

if TYPE_CHECKING:
    from tqdm import tqdm

    from shared_code.domain.ports import BlobStore

_POLL_INTERVAL_S = 0.1
_NOTICED_WITHIN_S = 2.5
"""By then the host has seen new blobs: that is two scans of a folder, or one of Azurite."""


class CatalogueSample(Protocol):
    @property
    def product_id(self) -> str: ...
    @property
    def images(self) -> Sequence[Path]: ...


@dataclass(frozen=True, slots=True)
class SampleUploader:
    store: BlobStore
    client: AppClient
    sidecars: dict[str, Any]
    """Product id to the content of its product.json."""
    products: Sequence[CatalogueSample]

    def upload(self) -> int:
        """Writes the blobs that are missing or differ; returns how many those were."""
        return sum(self._write(product, only_changed=True) for product in self.products)

    def wait(self, stop: threading.Event, *, uploaded: int, timeout_s: float) -> int:
        """Polls the app until all samples are indexed, behind a progress bar; returns how many
        products are missing in the end."""
        from tqdm import tqdm  # slow to import

        with tqdm(
            total=len(self.products), desc="Indexing the samples", unit="product", leave=False
        ) as bar:
            missing = self._wait_until_indexed(bar, stop, uploaded, timeout_s)
            if missing and not stop.is_set():
                # the host delivered them before, to an index that has been replaced since
                uploaded = sum(self._write(product, only_changed=False) for product in missing)
                missing = self._wait_until_indexed(bar, stop, uploaded, timeout_s)
        return len(missing)

    def _wait_until_indexed(
        self, bar: tqdm[Any], stop: threading.Event, uploaded: int, timeout_s: float
    ) -> list[CatalogueSample]:
        """Returns the products that are missing after the host has handled all events."""
        started = time.monotonic()
        while not stop.is_set() and time.monotonic() - started < timeout_s:
            indexed = int(self.client.get("/api/v1/stats")["products"])
            bar.update(min(len(self.products), indexed) - bar.n)
            has_noticed = not uploaded or time.monotonic() - started > _NOTICED_WITHIN_S
            if self._count_pending_events() == 0 and (has_noticed or bar.n == bar.total):
                break
            stop.wait(_POLL_INTERVAL_S)
        return [] if stop.is_set() else self._find_missing()

    def _count_pending_events(self) -> int:
        return int(self.client.get("/admin/host/status")["pendingBlobEvents"])

    def _find_missing(self) -> list[CatalogueSample]:
        def is_indexed(product: CatalogueSample) -> bool:
            return self.client.exists(f"/api/v1/products/{quote(product.product_id, safe='')}")

        return [product for product in self.products if not is_indexed(product)]

    def _write(self, product: CatalogueSample, *, only_changed: bool) -> int:
        # product.json first: a picture that finds its text there is written to the index once
        sidecar = json.dumps(self.sidecars[product.product_id], ensure_ascii=False, indent=1)
        files = {"product.json": sidecar.encode()}
        files |= {image.name: image.read_bytes() for image in product.images}
        write_count = 0
        for name, data in files.items():
            blob = f"{product.product_id}/{name}"
            stored = self.store.read(blob) if only_changed else None
            if stored is None or stored.data != data:
                content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
                self.store.write(blob, data, content_type=content_type)
                write_count += 1
        return write_count
