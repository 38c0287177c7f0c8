"""POST search, search-image and search-hybrid; GET products/{id}/similar.

Searches run in ``shared_code/search/search.py``.
"""

from typing import Annotated

import azure.functions as func

from functions.http import (
    SHOPPERS,
    Body,
    FormBody,
    FormPayload,
    MaybeUser,
    Path,
    Query,
    endpoint,
)
from functions.schemas.base import Response
from functions.schemas.products import ProductPath
from functions.schemas.search import (
    HybridRequest,
    PictureSearchRequest,
    SearchRequest,
    SearchResponse,
    SimilarRequest,
)
from shared_code.app import current_app

bp = func.Blueprint()


@bp.route(route="v1/search", methods=["POST"], auth_level=SHOPPERS)
@endpoint(problems=(400, 429))
def search_by_text(request: Body[SearchRequest], user: MaybeUser) -> Response[SearchResponse]:
    """Finds products by a text, or by a vector in its place.

    While the model loads, or if it fails, only the words of the text are searched for, and the
    response is `degraded`.
    """
    app = current_app()  # the same model to the end, also while another one takes over
    defaults = app.search_defaults.load(user, is_personal=request.personal)
    options = request.to_options(app.settings.filterable_fields, defaults)
    answer = request.run(
        app.search, options, defaults=defaults, to_vector=app.encoder.normalise_query_vector
    )
    return SearchResponse.from_answer(answer, options, app.encoder.model, query=request.query)


@bp.route(route="v1/search-image", methods=["POST"], auth_level=SHOPPERS)
@endpoint(problems=(400, 429))
def search_by_picture(
    form: Annotated[
        FormPayload[PictureSearchRequest], FormBody("file", least=1, most=1, with_query=True)
    ],
    user: MaybeUser,
) -> Response[SearchResponse]:
    """Finds products by a picture: those that look alike, or whose description fits it best."""
    app, request, [picture] = current_app(), form.fields, form.uploads
    defaults = app.search_defaults.load(user, is_personal=request.personal)
    options = request.to_options(app.settings.filterable_fields, defaults)
    answer = app.search.by_picture(request.to_photo(picture.data), request.target, options)
    model = app.encoder.model
    return SearchResponse.from_answer(answer, options, model, query_image=picture.name)


@bp.route(route="v1/search-hybrid", methods=["POST"], auth_level=SHOPPERS)
@endpoint(problems=(400, 404, 429))
def search_by_blend(
    form: Annotated[FormPayload[HybridRequest], FormBody("file", json=HybridRequest)],
    user: MaybeUser,
) -> Response[SearchResponse]:
    """Finds products by any mix of pictures, products, words and vectors, for and against.

    "This dress, but green": a picture or `product_id`, and `query`. The products that a
    search names are not among its results.
    """
    app, request = current_app(), form.fields
    defaults = app.search_defaults.load(user, is_personal=request.personal)
    options = request.to_options(app.settings.filterable_fields, defaults)
    pictures = [upload.data for upload in form.uploads]
    answer = request.run(
        app.search, options, to_vector=app.encoder.normalise_query_vector, pictures=pictures
    )
    return SearchResponse.from_answer(answer, options, app.encoder.model, query=request.query)


@bp.route(route="v1/products/{product_id}/similar", methods=["GET"], auth_level=SHOPPERS)
@endpoint(problems=(400,))
def similar_products(
    path: Path[ProductPath], request: Query[SimilarRequest], user: MaybeUser
) -> Response[SearchResponse]:
    """Finds products that look like this one, or are described like it if it has no picture."""
    app = current_app()
    defaults = app.search_defaults.load(user, is_personal=request.personal)
    options = request.to_options(app.settings.filterable_fields, defaults)
    answer = app.search.similar(path.product_id, options)
    return SearchResponse.from_answer(answer, options, app.encoder.model)
