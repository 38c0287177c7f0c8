"""GET openapi.json and docs: the description of this API, made from its own definitions.

Both need no key: they hold what the code holds, and the names of the fields that filters know.
"""

from typing import Any

import azure.functions as func

from functions.http import endpoint
from functions.openapi import api_document, render_viewer

bp = func.Blueprint()


@bp.route(route="v1/openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def openapi_document() -> dict[str, Any]:
    """This API as an OpenAPI 3.1 document."""
    return api_document()


@bp.route(route="v1/docs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(media="text/html")
def docs(req: func.HttpRequest) -> func.HttpResponse:
    """This page."""
    return render_viewer()
