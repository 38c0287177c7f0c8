"""POST search, search-image and search-hybrid; GET products/{id}/similar."""

from typing import Annotated

import azure.functions as func

from functions.answers_search import SearchAnswer, search_answer
from functions.contract import Reply
from functions.edge import endpoint
from functions.requests import ProductPath
from functions.requests_search import (
    HybridForm,
    HybridRequest,
    PictureSearchRequest,
    SearchRequest,
    SimilarRequest,
    region_of,
)
from functions.sources import Body, FormBody, Path, Query, Sent
from shared_code.core.asking import Photo
from shared_code.runtime import runtime

bp = func.Blueprint()


@bp.route(route="v1/search", methods=["POST"])
@endpoint(problems=(429,))
def search_by_text(asked: Body[SearchRequest]) -> Reply[SearchAnswer]:
    """Finds products by words, or by the vector of some.

    While the model loads, or if it fails, the words alone are searched for: the answer then is
    `degraded`.
    """
    app = runtime()
    options = asked.options(app.settings.filterable_fields)
    if isinstance(asked.query, str):
        answer = app.search.by_text(asked.query, asked.mode, options)
    else:
        answer = app.search.by_vector(app.encoder.given(asked.vector or ()), asked.mode, options)
    return search_answer(answer, options, app.encoder.model, query=asked.query)


@bp.route(route="v1/search-image", methods=["POST"])
@endpoint(problems=(429,))
def search_by_picture(
    sent: Annotated[Sent[PictureSearchRequest], FormBody("file", least=1, most=1, with_query=True)],
) -> Reply[SearchAnswer]:
    """Finds products by a picture: those that look alike, or whose words fit it best."""
    app = runtime()
    [picture] = sent.uploads
    options = sent.fields.options(app.settings.filterable_fields)
    photo = Photo(picture.data, region_of(sent.fields.box))
    answer = app.search.by_picture(photo, sent.fields.target, options)
    model = app.encoder.model
    about = {"query_image": picture.name, "embedding_dimension": model.dimension}
    return search_answer(answer, options, model, **about)


@bp.route(route="v1/search-hybrid", methods=["POST"])
@endpoint(problems=(404, 429))
def search_by_blend(
    sent: Annotated[Sent[HybridForm | HybridRequest], FormBody("file", json=HybridRequest)],
) -> Reply[SearchAnswer]:
    """Finds products by any mix of pictures, products, words and vectors, for and against.

    "This dress, but green": a picture or `product_id`, and `query`. Products that are given are
    not among the results.
    """
    app = runtime()
    asked = sent.fields
    options = asked.options(app.settings.filterable_fields)
    blend = asked.blend([each.data for each in sent.uploads], app.encoder.given)
    answer = app.search.by_blend(blend, options)
    return search_answer(answer, options, app.encoder.model, query=asked.query)


@bp.route(route="v1/products/{product_id}/similar", methods=["GET"])
@endpoint
def similar_products(path: Path[ProductPath], asked: Query[SimilarRequest]) -> Reply[SearchAnswer]:
    """Finds products that look like this one, or are described like it if it has no picture."""
    app = runtime()
    options = asked.options(app.settings.filterable_fields)
    answer = app.search.similar(path.product_id, options)
    return search_answer(answer, options, app.encoder.model)
