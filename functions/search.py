"""POST search, search-image and search-hybrid; GET products/{id}/similar."""

from collections.abc import Sequence
from typing import Annotated

import azure.functions as func

from functions.http.access import SHOPPERS
from functions.http.arguments import Body, FormBody, Path, Query, Sent
from functions.http.contract import Reply
from functions.http.edge import endpoint
from functions.http.user_identity import MaybeUser
from functions.schemas.requests import ProductPath
from functions.schemas.search import SearchAnswer, search_answer
from functions.schemas.search_requests import (
    HybridForm,
    HybridRequest,
    PictureSearchRequest,
    Refined,
    SearchRequest,
    SimilarRequest,
)
from shared_code.app import App, current_app
from shared_code.domain.products import ImageBytes
from shared_code.search import Mode, SearchOptions, SearchResults
from shared_code.users import DEFAULTS_REFUSED, NO_DEFAULTS, SearchDefaults, load_search_defaults

bp = func.Blueprint()


@bp.route(route="v1/search", methods=["POST"], auth_level=SHOPPERS)
@endpoint(problems=(400, 429))
def search_by_text(asked: Body[SearchRequest], who: MaybeUser) -> Reply[SearchAnswer]:
    """Finds products by words, or by the vector of some.

    While the model loads, or if it fails, the words alone are searched for: the answer then is
    `degraded`.
    """
    return answered(asked, preferred_here(asked, who))


@bp.route(route="v1/search-image", methods=["POST"], auth_level=SHOPPERS)
@endpoint(problems=(400, 429))
def search_by_picture(
    sent: Annotated[Sent[PictureSearchRequest], FormBody("file", least=1, most=1, with_query=True)],
    who: MaybeUser,
) -> Reply[SearchAnswer]:
    """Finds products by a picture: those that look alike, or whose words fit it best."""
    [picture] = sent.uploads
    options = options_of(sent.fields, preferred_here(sent.fields, who))
    app = current_app()
    answer = app.search.by_picture(sent.fields.photo(picture.data), sent.fields.target, options)
    about = {"query_image": picture.name, "embedding_dimension": app.encoder.model.dimension}
    return search_answer(answer, options, app.encoder.model, **about)


@bp.route(route="v1/search-hybrid", methods=["POST"], auth_level=SHOPPERS)
@endpoint(problems=(400, 404, 429))
def search_by_blend(
    sent: Annotated[Sent[HybridForm | HybridRequest], FormBody("file", json=HybridRequest)],
    who: MaybeUser,
) -> Reply[SearchAnswer]:
    """Finds products by any mix of pictures, products, words and vectors, for and against.

    "This dress, but green": a picture or `product_id`, and `query`. Products that are given are
    not among the results.
    """
    prefers = preferred_here(sent.fields, who)
    return answered(sent.fields, prefers, [each.data for each in sent.uploads])


@bp.route(route="v1/products/{product_id}/similar", methods=["GET"], auth_level=SHOPPERS)
@endpoint(problems=(400,))
def similar_products(
    path: Path[ProductPath], asked: Query[SimilarRequest], who: MaybeUser
) -> Reply[SearchAnswer]:
    """Finds products that look like this one, or are described like it if it has no picture."""
    options = options_of(asked, preferred_here(asked, who))
    app = current_app()
    answer = app.search.similar(path.product_id, options)
    return search_answer(answer, options, app.encoder.model)


def answered(
    asked: SearchRequest | HybridForm | HybridRequest,
    prefers: SearchDefaults,
    pictures: Sequence[ImageBytes] = (),
) -> Reply[SearchAnswer]:
    """What search and search-hybrid answer, now or when they were saved."""
    app = current_app()  # one of two models, to the end
    options = options_of(asked, prefers)
    if isinstance(asked, SearchRequest):
        found = _by_text(app, asked, asked.mode_for(prefers), options)
    else:
        found = app.search.by_blend(
            asked.blend(pictures, app.encoder.normalise_query_vector), options
        )
    return search_answer(found, options, app.encoder.model, query=asked.query)


def _by_text(app: App, asked: SearchRequest, mode: Mode, options: SearchOptions) -> SearchResults:
    if isinstance(asked.query, str):
        return app.search.by_text(asked.query, mode, options)
    return app.search.by_vector(
        app.encoder.normalise_query_vector(asked.vector or ()), mode, options
    )


def options_of(asked: Refined, prefers: SearchDefaults) -> SearchOptions:
    return asked.options(current_app().settings.filterable_fields, prefers)


def preferred_here(asked: Refined, who: str) -> SearchDefaults:
    """Of whoever searches. Where searches are public, anybody could say to be anybody."""
    if who and asked.personal and current_app().settings.public_search:
        return DEFAULTS_REFUSED
    return preferred_of(asked, who)


def preferred_of(asked: Refined, who: str) -> SearchDefaults:
    app = current_app()
    if not who or not asked.personal:
        return NO_DEFAULTS
    return load_search_defaults(who, app.users, app.settings.filterable_fields)
