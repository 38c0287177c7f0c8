"""Queues on this disk, one file each. The app puts messages there too, and defines their layout."""

from __future__ import annotations

from pathlib import Path

from devhost.queues.sqlite import SqliteQueue
from shared_code.adapters.storage.folder.queue import QueueFile

LONGEST_PAUSE_S = 0.2
"""A poll costs next to nothing here, and a person is waiting."""


class LocalQueue(SqliteQueue):
    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(QueueFile(folder, name), name, longest_pause_s=LONGEST_PAUSE_S)
