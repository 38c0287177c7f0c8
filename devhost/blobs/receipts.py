"""Which blobs were delivered to which function, and which Event Grid posts wait, kept across
restarts. A blob without a receipt is delivered again."""

from __future__ import annotations

from dataclasses import dataclass

from devhost.state import State

_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS receipts (
        container TEXT NOT NULL,  -- its URL
        blob TEXT NOT NULL,
        function TEXT NOT NULL,
        etag TEXT NOT NULL,       -- empty: begun, not delivered
        PRIMARY KEY (container, blob, function)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS posts (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        container TEXT NOT NULL,
        blob TEXT NOT NULL,
        function TEXT NOT NULL,
        etag TEXT NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS posts_of ON posts (container, blob, function)",
)


@dataclass(frozen=True, slots=True)
class Post:
    """An Event Grid event that was accepted for a blob trigger and has not run yet."""

    container: str
    blob: str
    function: str
    etag: str


class Receipts:
    def __init__(self, state: State) -> None:
        self._state = state
        for statement in _SCHEMA:
            state.run(statement)

    def of(self, container: str) -> dict[str, dict[str, str]]:
        """Blob name to the etag that each function got last."""
        found: dict[str, dict[str, str]] = {}
        rows = self._state.run(
            "SELECT blob, function, etag FROM receipts WHERE container = ?", container
        )
        for blob, function, etag in rows:
            found.setdefault(blob, {})[function] = etag
        return found

    def begin(self, container: str, blob: str, function: str) -> None:
        """Remembers a blob before its first delivery."""
        self._state.run(
            "INSERT OR IGNORE INTO receipts VALUES (?, ?, ?, '')", container, blob, function
        )

    def put(self, container: str, blob: str, function: str, etag: str) -> None:
        self._state.run(
            "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?)", container, blob, function, etag
        )

    def forget(self, container: str, blob: str) -> None:
        self._state.run("DELETE FROM receipts WHERE container = ? AND blob = ?", container, blob)

    def keep_post(self, post: Post) -> None:
        self._state.run(
            "INSERT INTO posts (container, blob, function, etag) VALUES (?, ?, ?, ?)",
            post.container,
            post.blob,
            post.function,
            post.etag,
        )

    def posts(self) -> list[Post]:
        rows = self._state.run("SELECT container, blob, function, etag FROM posts ORDER BY number")
        return [Post(*row) for row in rows]

    def last_post(self) -> int:
        """What is posted from now on has a higher number."""
        [(number,)] = self._state.run("SELECT coalesce(max(number), 0) FROM posts")
        return int(number)

    def forget_posts(self, container: str, blob: str, function: str, *, up_to: int) -> None:
        self._state.run(
            "DELETE FROM posts WHERE container = ? AND blob = ? AND function = ? AND number <= ?",
            container,
            blob,
            function,
            up_to,
        )
