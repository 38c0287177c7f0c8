"""Event Grid, as bad as it is allowed to be: late, out of order and more than once."""

import base64
import json
import random
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any

from azure.storage.queue import QueueClient

LATEST_S = 10.0


def make_grid_event(kind: str, subject: str, url: str) -> dict[str, Any]:
    """Returns an event in Event Grid's own schema."""
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


def make_cloud_event(kind: str, subject: str, url: str) -> dict[str, Any]:
    """Returns an event in the schema of CloudEvents 1.0."""
    event = make_grid_event(kind, subject, url)
    return {
        "specversion": "1.0",
        "source": event["topic"],
        "type": kind,
        "time": event["eventTime"],
        **{key: event[key] for key in ("id", "subject", "data")},
    }


class EventGrid:
    def __init__(self, queue: QueueClient, seed: int, *, share: float = 0.6) -> None:
        """``queue`` is the target of the subscription; it takes events while there is no host."""
        self._queue = queue
        self._share = share
        self._rng = random.Random(seed)
        self._lock = threading.Lock()
        self._due: list[tuple[float, int, dict[str, Any]]] = []
        self._subscribed: dict[str, bool] = {}
        self._in_flight = 0
        self._number = 0
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(4)
        self.tally: Counter[str] = Counter()

    def __enter__(self) -> "EventGrid":
        self._threads = [self._pool.submit(self._send_until_stopped) for _ in range(4)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._pool.shutdown()
        for thread in self._threads:
            thread.result()

    @property
    def idle(self) -> bool:
        with self._lock:
            return not self._due and not self._in_flight

    def report(self, container: str, blob: str, url: str, *, created: bool) -> None:
        """Sends events of some blobs, in any order, and some of them several times. Changes of the
        other blobs are only seen by the host's scan of the container."""
        if not self._subscribed.setdefault(blob, self._rng.random() < self._share):
            return
        kind = "Microsoft.Storage.BlobCreated" if created else "Microsoft.Storage.BlobDeleted"
        subject = f"/blobServices/default/containers/{container}/blobs/{blob}"
        times = self._rng.choice([1, 1, 2, 3])
        self.tally["events"] += 1
        self.tally["duplicates of events"] += times - 1
        for _ in range(times):
            make_event = make_cloud_event if self._rng.random() < 0.5 else make_grid_event
            delay_s = self._rng.choice([0.0, self._rng.uniform(0, LATEST_S)])
            self._schedule(delay_s, make_event(kind, subject, url))

    def _schedule(self, seconds: float, event: dict[str, Any]) -> None:
        with self._lock:
            self._number += 1
            heappush(self._due, (time.monotonic() + seconds, self._number, event))

    def _send_until_stopped(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                is_due = bool(self._due) and self._due[0][0] <= time.monotonic()
                entry = heappop(self._due) if is_due else None
                self._in_flight += entry is not None
            if entry is None:
                self._stopping.wait(0.05)
                continue
            try:
                text = json.dumps(entry[2], ensure_ascii=False).encode()
                self._queue.send_message(base64.b64encode(text).decode(), time_to_live=-1)
            finally:
                with self._lock:
                    self._in_flight -= 1
