"""Event Grid, as bad as it is allowed to be: late, out of order, more than once, and again
until it is acknowledged."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any

import httpx

NOTIFICATION = {"aeg-event-type": "Notification"}
LATEST_S = 10.0


def grid_event(kind: str, subject: str, url: str) -> dict[str, Any]:
    """In Event Grid's own schema."""
    return {
        "id": str(uuid.uuid4()),
        "topic": "storage",
        "subject": subject,
        "eventType": kind,
        "eventTime": datetime.now(UTC).isoformat(),
        "dataVersion": "",
        "metadataVersion": "1",
        "data": {"api": "PutBlob", "url": url, "eTag": "0x0", "blobType": "BlockBlob"},
    }


def cloud_event(kind: str, subject: str, url: str) -> dict[str, Any]:
    """In CloudEvents 1.0."""
    event = grid_event(kind, subject, url)
    return {
        "specversion": "1.0",
        "source": event["topic"],
        "type": kind,
        "time": event["eventTime"],
        **{key: event[key] for key in ("id", "subject", "data")},
    }


class EventGrid:
    def __init__(self, url: Callable[[], str], seed: int, *, share: float = 0.6) -> None:
        """``url`` is the host's at the moment; empty while there is none."""
        self._url = url
        self._share = share
        self._rng = random.Random(seed)
        self._lock = threading.Lock()
        self._due: list[tuple[float, int, str, dict[str, Any]]] = []
        self._subscribed: dict[str, bool] = {}
        self._under_way = 0
        self._number = 0
        self._ended = threading.Event()
        self._client = httpx.Client(timeout=30)
        self._pool = ThreadPoolExecutor(4)
        self.tally: Counter[str] = Counter()

    def __enter__(self) -> "EventGrid":
        self._threads = [self._pool.submit(self._send_until_ended) for _ in range(4)]
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._pool.shutdown()
        self._client.close()
        for thread in self._threads:
            thread.result()

    @property
    def idle(self) -> bool:
        with self._lock:
            return not self._due and not self._under_way

    def happened(self, container: str, blob: str, url: str, *, created: bool) -> None:
        """Tells all that happens to some blobs, in any order, and a part of it several times;
        what happens to the others only the host's look at the container shows."""
        if not self._subscribed.setdefault(blob, self._rng.random() < self._share):
            return
        kind = "Microsoft.Storage.BlobCreated" if created else "Microsoft.Storage.BlobDeleted"
        subject = f"/blobServices/default/containers/{container}/blobs/{blob}"
        grid = "/runtime/webhooks/eventgrid?functionName=blob_event"
        trigger = "/runtime/webhooks/blobs?functionName=Host.Functions.blob_changed"
        times = self._rng.choice([1, 1, 2, 3])
        self.tally["events"] += 1
        self.tally["duplicates of events"] += times - 1
        for _ in range(times):
            path = trigger if created and self._rng.random() < 0.7 else grid
            schema = cloud_event if path == grid and self._rng.random() < 0.5 else grid_event
            delay_s = self._rng.choice([0.0, self._rng.uniform(0, LATEST_S)])
            self._later(delay_s, path, schema(kind, subject, url))

    def _later(self, seconds: float, path: str, event: dict[str, Any]) -> None:
        with self._lock:
            self._number += 1
            heappush(self._due, (time.monotonic() + seconds, self._number, path, event))

    def _send_until_ended(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                is_due = bool(self._due) and self._due[0][0] <= time.monotonic()
                found = heappop(self._due) if is_due else None
                self._under_way += found is not None
            if found is None:
                self._ended.wait(0.05)
                continue
            try:
                if not self._acknowledged(found[2], found[3]):
                    self.tally["events sent again"] += 1
                    self._later(1.0, found[2], found[3])
            finally:
                with self._lock:
                    self._under_way -= 1

    def _acknowledged(self, path: str, event: dict[str, Any]) -> bool:
        url = self._url()
        if not url:
            return False
        try:
            answer = self._client.post(url + path, json=[event], headers=NOTIFICATION)
        except httpx.TransportError:
            return False
        if answer.status_code == 404:
            raise AssertionError(f"the host has no function for {path}")
        return answer.is_success
