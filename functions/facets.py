"""GET facets: the values that products can be filtered by.

Values are counted in ``shared_code/search/facets.py``.
"""

import azure.functions as func

from functions.http import SHOPPERS, Query, endpoint
from functions.schemas.facets import FacetsRequest, FacetsResponse
from shared_code.app import current_app

bp = func.Blueprint()


@bp.route(route="v1/facets", methods=["GET"], auth_level=SHOPPERS)
@endpoint
def facets(request: Query[FacetsRequest]) -> FacetsResponse:
    """The values of fields, and how many products have each, under a filter.

    A number or a date has its lowest and highest value instead.
    """
    app = current_app()
    where = request.to_filter(app.settings.filterable_fields)
    counted, products = app.facets.of(request.field_names, limit=request.limit, where=where)
    return FacetsResponse.from_facets(counted, products)
