"""GET dashboard: the page for people, served from ``web/``.

Anonymous: the page says nothing of the catalogue; its calls to the API carry the key.
"""

from __future__ import annotations

from typing import Annotated

import azure.functions as func

from functions.http.arguments import Header, Path
from functions.http.edge import endpoint
from functions.http.responses import not_modified
from functions.http.website import website
from functions.schemas.requests import WebPath
from shared_code.domain.errors import NotFound

bp = func.Blueprint()

KnownTag = Annotated[str, Header("if-none-match", "The ETag of the copy that you have.")]


@bp.route(route="dashboard", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(statuses=(200, 304), media="text/html")
def dashboard(req: func.HttpRequest, known: KnownTag) -> func.HttpResponse:
    """The dashboard: a web page to search, upload and look after the catalogue."""
    return _answer("index.html", known)


@bp.route(route="dashboard/{*path}", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(statuses=(200, 304), media="*/*")
def dashboard_file(
    req: func.HttpRequest, file: Path[WebPath], known: KnownTag
) -> func.HttpResponse:
    """A file of the dashboard: style, script or icon."""
    return _answer(file.path or "index.html", known)


def _answer(path: str, known: str) -> func.HttpResponse:
    found = website().find(path)
    if found is None:
        raise NotFound("The dashboard has no such file. Reload the page: it may have been updated.")
    if found.etag in known:
        return not_modified(found.headers)
    return func.HttpResponse(found.content, mimetype=found.mime, headers=found.headers)
