"""GET dashboard: the page for people, served from ``web/``.

No key is needed: the page shows nothing of the catalogue by itself; its calls to the API send one.
"""

from __future__ import annotations

from typing import Annotated

import azure.functions as func

from functions.http import Header, Path, endpoint, respond_with_file
from functions.schemas.dashboard import WebPath

bp = func.Blueprint()

KnownTag = Annotated[str, Header("if-none-match", "The ETag of the copy that you have.")]


@bp.route(route="dashboard", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(statuses=(200, 304), media="text/html")
def dashboard(req: func.HttpRequest, known_etag: KnownTag) -> func.HttpResponse:
    """The dashboard: a web page to search, upload to and manage the catalogue."""
    return respond_with_file("index.html", known_etag)


@bp.route(route="dashboard/{*path}", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(statuses=(200, 304), media="*/*")
def dashboard_file(
    req: func.HttpRequest, file: Path[WebPath], known_etag: KnownTag
) -> func.HttpResponse:
    """A file of the dashboard: style, script or icon."""
    return respond_with_file(file.path or "index.html", known_etag)
