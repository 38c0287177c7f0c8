"""POST search and search-image."""

import azure.functions as func

from functions.answers import search_answer
from functions.edge import endpoint, ok
from functions.parse import converted, form_with_one_file, json_body, merged, query_fields
from functions.requests import PictureSearchRequest, SearchRequest
from shared_code.runtime import runtime

bp = func.Blueprint()


@bp.route(route="v1/search", methods=["POST"])
@endpoint
def search_by_text(req: func.HttpRequest) -> func.HttpResponse:
    asked = json_body(req, SearchRequest)
    app = runtime()
    options = asked.options(app.settings.filterable_fields)
    answer = app.search.by_text(asked.query, asked.mode, options)
    return ok(search_answer(answer, app.encoder.model, query=asked.query))


@bp.route(route="v1/search-image", methods=["POST"])
@endpoint
def search_by_picture(req: func.HttpRequest) -> func.HttpResponse:
    sent = form_with_one_file(req, "file")
    given = merged(sent.fields, query_fields(req))
    asked = converted(given, PictureSearchRequest, strict=False)
    app = runtime()
    options = asked.options(app.settings.filterable_fields)
    [picture] = sent.uploads
    answer = app.search.by_picture(picture.data, asked.target, options)
    model = app.encoder.model
    about = {"query_image": picture.name, "embedding_dimension": model.dimension}
    return ok(search_answer(answer, model, **about))
