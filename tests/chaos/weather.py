"""Kills of the host and outages of the index, at random moments."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from devhost import HostProcess
from tests.chaos.qdrant import OUTAGES, ChaosIndex


class Hosts:
    """Runs one host at a time on one folder; the next one starts after it was killed."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._folder = folder
        self._environ = environ
        self._lock = threading.Lock()
        self._host: HostProcess | None = None
        self.kills = 0
        self.stops = 0
        self.ended_by_themselves = 0

    @property
    def url(self) -> str:
        host = self._host
        return host.url if host is not None else ""

    def start(self, **environ: str) -> None:
        """``environ`` holds for the later hosts too."""
        with self._lock:
            self._environ |= environ
            if self._host is None:
                self._host = HostProcess(self._folder, **self._environ)

    def kill(self) -> None:
        with self._lock:
            host, self._host = self._host, None
            if host is None:
                return
            self.ended_by_themselves += host.process.poll() is not None
            host.kill()
            self.kills += 1
            host.log.rename(host.log.with_name(f"host-{self.kills}.log"))

    def stop(self) -> None:
        with self._lock:
            if self._host is not None:
                self._host.stop()
                self.stops += 1
                self._host.log.rename(self._folder / f"host-stopped-{self.stops}.log")
                self._host = None

    def logs(self) -> list[Path]:
        return sorted(self._folder.glob("host*.log"))


class Moments:
    """Waits for random moments in a span of time, one after the other."""

    def __init__(self, count: int, span_s: float, rng: random.Random) -> None:
        self._moments = sorted(rng.uniform(0, span_s) for _ in range(count))

    def __iter__(self) -> Iterator[None]:
        started = time.monotonic()
        for moment in self._moments:
            time.sleep(max(0.0, started + moment - time.monotonic()))
            yield


class Killer:
    """Kills the host again and again: soon after a start, in the middle of work, in an outage."""

    def __init__(self, hosts: Hosts, kills: int, span_s: float, seed: int) -> None:
        self._hosts = hosts
        self._rng = random.Random(seed)
        self._moments = Moments(kills, span_s, self._rng)

    def run(self) -> None:
        for _ in self._moments:
            self._hosts.kill()
            time.sleep(self._rng.choice([0.0, 0.0, 1.0, 3.0]))
            self._hosts.start()


class Outages:
    """Takes the index away in one way after the other, for a while each time."""

    def __init__(self, index: ChaosIndex, outages: int, span_s: float, seed: int) -> None:
        self._index = index
        self._rng = random.Random(seed)
        self._moments = Moments(outages, span_s, self._rng)
        kinds = self._rng.sample(OUTAGES, len(OUTAGES))
        self._kinds = [kinds[number % len(kinds)] for number in range(outages)]
        self.tally: Counter[str] = Counter()
        self.seconds = 0.0

    def run(self) -> None:
        for kind, _ in zip(self._kinds, self._moments, strict=True):
            length_s = self._rng.uniform(2, 8)
            self._index.fail(kind)
            time.sleep(length_s)
            self._index.up()
            self.tally[kind] += 1
            self.seconds += length_s
