"""Three searches to paste into a terminal, each printed with the results it just had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.client import AppClient

_LIMIT = 3


def run_tour(client: AppClient, picture: Path) -> Iterator[str]:
    """Yields lines to print, and sends each search when its lines are asked for."""
    yield ""
    yield "Try these. Each was just sent to the app; its results are below it."
    yield from _search_by_text(client, "red dress")
    yield from _search_by_text(client, "running shoe")
    yield from _search_by_picture(client, picture)
    yield ""
    if client.exists("/api/dashboard"):
        yield f"Dashboard  {client.url}/api/dashboard"
    else:
        yield f"API        {client.url}/api/v1 (README.md shows the rest)"


def _search_by_text(client: AppClient, query: str) -> Iterator[str]:
    body = {"query": query, "limit": _LIMIT}
    yield ""
    yield (
        f"  curl -s {client.url}/api/v1/search -H 'content-type: application/json' "
        f"-d '{json.dumps(body)}'"
    )
    yield from _result_lines(client.post_json("/api/v1/search", body))


def _search_by_picture(client: AppClient, picture: Path) -> Iterator[str]:
    path = f"/api/v1/search-image?limit={_LIMIT}"
    yield ""
    yield f"  curl -s '{client.url}{path}' -F file=@{_relative_path(picture)}"
    yield from _result_lines(client.post_file(path, picture))


def _result_lines(response: dict[str, Any]) -> Iterator[str]:
    for result in response["results"]:
        yield f"    {result['score']:.3f}  {result['name']}"
    if not response["results"]:
        yield "    no results"


def _relative_path(path: Path) -> str:
    """Returns the path as one types it in the app's folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
