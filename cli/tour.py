"""Three searches to paste, each printed with the answer that it just gave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.client import Client

_LIMIT = 3


def tour(client: Client, picture: Path) -> Iterator[str]:
    """Lines to print; the searches are made as the lines are asked for."""
    yield ""
    yield "Try it. Each of these was just run; below it is what it answered."
    yield from _by_words(client, "red dress")
    yield from _by_words(client, "running shoe")
    yield from _by_picture(client, picture)
    yield ""
    if client.found("/api/dashboard"):
        yield f"Dashboard  {client.url}/api/dashboard"
    else:
        yield f"API        {client.url}/api/v1 (README.md shows the rest)"


def _by_words(client: Client, words: str) -> Iterator[str]:
    body = {"query": words, "limit": _LIMIT}
    yield ""
    yield (
        f"  curl -s {client.url}/api/v1/search -H 'content-type: application/json' "
        f"-d '{json.dumps(body)}'"
    )
    yield from _results(client.post_json("/api/v1/search", body))


def _by_picture(client: Client, picture: Path) -> Iterator[str]:
    path = f"/api/v1/search-image?limit={_LIMIT}"
    yield ""
    yield f"  curl -s '{client.url}{path}' -F file=@{_short(picture)}"
    yield from _results(client.post_file(path, picture))


def _results(answer: dict[str, Any]) -> Iterator[str]:
    for result in answer["results"]:
        yield f"    {result['score']:.3f}  {result['name']}"
    if not answer["results"]:
        yield "    no results"


def _short(path: Path) -> str:
    """As it is typed in the app's folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
