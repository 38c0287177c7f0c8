"""GET facets: what there is to filter by."""

import azure.functions as func

from functions.http.access import SHOPPERS
from functions.http.arguments import Query
from functions.http.edge import endpoint
from functions.schemas.facets import FacetsAnswer, facets_answer
from functions.schemas.requests import FacetsRequest, filter_of
from shared_code.app import current_app

bp = func.Blueprint()


@bp.route(route="v1/facets", methods=["GET"], auth_level=SHOPPERS)
@endpoint
def facets(asked: Query[FacetsRequest]) -> FacetsAnswer:
    """The values of fields and how many products have each, under a filter.

    Numbers and dates are told by their lowest and highest value.
    """
    app = current_app()
    where = filter_of(asked.filter, app.settings.filterable_fields)
    found, products = app.facets.of(asked.fields, limit=asked.limit, where=where)
    return facets_answer(found, products)
