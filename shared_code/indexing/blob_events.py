"""Events of the images container: each says no more than "look at this blob".

A look that fails for a reason that may pass (Qdrant restarts, storage is slow) is put off: a
message on the queue of events asks for it again, after pauses that grow from ten seconds to an
hour. When that has gone on for longer than the app's patience, the blob is recorded as a failure
that names the cause. So an outage costs time and no picture, and what the host counts against a
message are crashes alone. See docs/adr/0006.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared_code.domain.dates import utc_now
from shared_code.domain.errors import AppError, Misconfigured, TooBusy, Unavailable, Unprocessable
from shared_code.domain.naming import BlobRole
from shared_code.domain.ports import BlobStore, EventQueue
from shared_code.domain.urgency import deferrable_work
from shared_code.failures import Failures
from shared_code.indexing.indexing import Indexer

log = logging.getLogger(__name__)

LOOK_AGAIN = "lookAgain"
"""The only field of a message of our own."""

MAY_PASS = (Unavailable, TooBusy, Misconfigured)
"""A setting or key that is wrong is put right by a person, within hours one hopes."""

JITTER = 0.25
"""Looks that were put off together do not come back together."""

LEAST_LOOKS = 4
"""A patience of minutes is not slept through: no pause is longer than this part of it."""

MAX_QUOTED = 1_000
"""Characters of a message that nobody here understands."""


@dataclass(frozen=True, slots=True)
class Look:
    """A blob, or all that is or was below a folder, that is to be looked at."""

    name: str
    is_folder: bool = False
    tries: int = 0
    """Looks that failed before this one."""
    since: datetime | None = None
    """When the first of them failed."""

    @property
    def failure_name(self) -> str:
        """What a failure of it is called: a folder ends in a slash."""
        return self.name.rstrip("/") + "/" if self.is_folder else self.name

    def to_json(self, container: str) -> str:
        kind = "folder" if self.is_folder else "blob"
        fields: dict[str, Any] = {"container": container, kind: self.name, "tries": self.tries}
        if self.since is not None:
            fields["since"] = self.since.isoformat(timespec="milliseconds")
        return json.dumps({LOOK_AGAIN: fields}, ensure_ascii=False)

    @classmethod
    def from_fields(cls, fields: Any) -> Look:
        """Reads what ``to_json`` wrote below ``lookAgain``. Raises ValueError for anything else."""
        if not isinstance(fields, dict):
            raise ValueError("no object")  # noqa: TRY004  # one error for all that is not ours
        is_folder = "folder" in fields
        name, tries, since = fields.get("folder", fields.get("blob")), fields["tries"], None
        if not isinstance(name, str) or not name or not isinstance(tries, int) or tries < 0:
            raise ValueError("no name, or no number of tries")
        if "since" in fields:
            since = datetime.fromisoformat(str(fields["since"]))
            if since.tzinfo is None:
                raise ValueError("a time without a time zone")
        return cls(name, is_folder, tries, since)


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of a queue, as far as it is understood."""

    id: str
    text: str
    looks: tuple[Look, ...] | None
    """None: it is no event, nor anything else known here. Empty: an event of another container."""


def pause_before(tries: int) -> float:
    """Seconds before the next look, when so many have failed: 10 s, then every 30 s for ten
    minutes, then 5, 10 and 30 minutes, then an hour each."""
    if tries <= 1:
        return 10.0
    if tries <= 21:
        return 30.0
    return {22: 300.0, 23: 600.0, 24: 1_800.0}.get(tries, 3_600.0)


@dataclass(frozen=True, slots=True)
class BlobEvents:
    indexer: Callable[[], Indexer]
    """Built when a look needs it, since what it is built on may be down, too."""
    images: BlobStore
    failures: Failures
    queue: EventQueue
    container: str
    patience_s: float
    """For how long a look is put off before it becomes a failure."""
    now: Callable[[], datetime] = utc_now
    jitter: Callable[[float, float], float] = random.uniform

    def handle(self, notice: Notice) -> None:
        """Does what a message asks for. Raises only where a look failed and can be neither put
        off nor recorded; the host then delivers the message again."""
        if notice.looks is None:
            self._record_unknown(notice)
            return
        for look in notice.looks:
            self.look(look)

    def look(self, look: Look) -> None:
        """Makes the index agree with the blob or folder, now or later. Raises as ``handle``."""
        try:
            with deferrable_work():
                self._sync(look)
        except MAY_PASS as exc:
            self._put_off(look, exc)
        except Exception as exc:
            log.exception("%s: a fault of this app ended the look at it", look.name)
            reason = f"A fault of this app ended the look at it: {type(exc).__name__}: {exc}"
            self._record(look, reason[:MAX_QUOTED])

    def give_up(self, notice: Notice, *, delivered: int) -> None:
        """Records what the host gave up on after so many deliveries, unless that is settled."""
        if notice.looks is None:
            self._record_unknown(notice)
            return
        for look in notice.looks:
            self._give_up(look, delivered)

    def count_waiting(self) -> int | None:
        """Returns how many events and looks are on the queue; None when it does not answer."""
        try:
            return self.queue.count()
        except AppError as exc:
            log.warning("the queue of events cannot be counted: %s", exc)
            return None

    def _sync(self, look: Look) -> None:
        if look.is_folder:
            self.indexer().sync_folder(look.name)
            self.failures.clear(look.failure_name)
        else:
            self.indexer().sync(look.name)

    def _put_off(self, look: Look, cause: AppError) -> None:
        now = self.now()
        again = replace(look, tries=look.tries + 1, since=look.since or now)
        since = again.since or now
        left_s = self.patience_s - (now - since).total_seconds()
        if left_s <= 0:
            tries = f"{again.tries} tries since {since:%Y-%m-%d %H:%M:%S} UTC"
            self._record(look, f"Given up after {tries}: {cause.detail or cause.title}")
            return
        try:
            delay_s = self._send_again(again, left_s)
        except Exception as exc:
            log.warning("%s cannot be put off: %s", look.name, exc)
            self.failures.record(
                look.failure_name,
                _product_id_of(look),
                f"{cause.detail or cause.title} The look could not be put off: {exc}",
            )
        else:
            level = logging.INFO if look.tries else logging.WARNING
            log.log(level, "%s: looked at again in %.0f s: %s", look.name, delay_s, cause)

    def _send_again(self, look: Look, left_s: float) -> float:
        """Returns after how many seconds the look comes again, the last one when patience ends."""
        pause_s = pause_before(look.tries) * self.jitter(1 - JITTER, 1 + JITTER)
        delay_s = min(pause_s, left_s, self.patience_s / LEAST_LOOKS)
        self.queue.send(look.to_json(self.container), delay_s=delay_s)
        return delay_s

    def _record(self, look: Look, reason: str) -> None:
        """What cannot be recorded now is recorded later, after another look."""
        log.error("%s: %s", look.name, reason)
        try:
            self.failures.record(look.failure_name, _product_id_of(look), reason)
        except AppError as exc:
            log.warning("the failure of %s cannot be recorded yet: %s", look.name, exc)
            pause_s = pause_before(look.tries)
            self.queue.send(look.to_json(self.container), delay_s=pause_s)

    def _give_up(self, look: Look, delivered: int) -> None:
        given_up = f"Given up after {delivered} deliveries"
        reason = (
            f"{given_up}: looking at it ended the process each time, or could neither be put off "
            "nor recorded; the log says which."
        )
        try:
            if not look.is_folder and self._is_settled(look.name):
                return
        except Unprocessable as exc:
            reason = exc.detail  # a name or state of the blob that explains it all
        except AppError as exc:
            reason = f"{given_up}: {exc.detail or exc.title}"
        except Exception as exc:
            log.exception("%s cannot be compared with the index", look.name)
            reason = f"{given_up}: {type(exc).__name__}: {exc}"
        log.error("%s: %s", look.name, reason)
        self.failures.record(look.failure_name, _product_id_of(look), reason)

    def _is_settled(self, blob: str) -> bool:
        """Returns whether nothing is to be recorded; raises what keeps the blob from being indexed.

        The index is asked last, since one that is down may be why.
        """
        place = BlobRole.of(blob)
        info = self.images.head(blob)
        if info is not None:
            failure = self.failures.find(blob)
            if failure is not None and failure.etag == info.etag:
                return True  # it can never be indexed, and the record says why
            self.images.read_range(blob, 0, 1)  # what storage refuses, it says now
            if not self.indexer().is_current(info, place):
                return False
        self.failures.clear(blob)  # gone, which has an event of its own, or indexed by now
        return True

    def _record_unknown(self, notice: Notice) -> None:
        """Keeps a message that names no blob of the images container."""
        text = notice.text
        quoted = text[:MAX_QUOTED] + ("…" if len(text) > MAX_QUOTED else "")
        log.error("a message of nothing known here: %s", quoted)
        reason = f"A queue message that names no blob of the images container: {quoted}"
        self.failures.record(f"queue message {notice.id}", "", reason)


def _product_id_of(look: Look) -> str:
    try:
        return BlobRole.of(look.failure_name).product_id
    except Unprocessable:
        return ""
