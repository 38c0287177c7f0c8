"""Products one by one: index, list, read and delete them, and their pictures.

Products are stored and indexed in ``shared_code/products/catalogue.py``, and pictures served
from ``shared_code/pictures/serving.py``.
"""

from typing import Annotated

import azure.functions as func

from functions.http import (
    SHOPPERS,
    FormBody,
    FormPayload,
    Header,
    Path,
    Query,
    endpoint,
    respond_with_picture,
)
from functions.schemas.pictures import ImagePath, ImageRequest
from functions.schemas.products import (
    DeletedResponse,
    IndexedResponse,
    ProductPath,
    ProductRequest,
    ProductResponse,
    ProductsRequest,
    ProductsResponse,
)
from shared_code.app import current_app

bp = func.Blueprint()


@bp.route(route="v1/index-product", methods=["POST"])
@endpoint
def index_product(
    form: Annotated[FormPayload[ProductRequest], FormBody(json=ProductRequest)],
) -> IndexedResponse:
    """Indexes a product by its text, or replaces its text.

    Pictures that the product already has stay.
    """
    app, text = current_app(), form.fields.to_product_text()
    app.catalogue.put(text)
    return IndexedResponse.from_text(text, app.encoder.model, kind="text")


@bp.route(route="v1/index-product-with-image", methods=["POST"])
@endpoint
def index_product_with_image(
    form: Annotated[FormPayload[ProductRequest], FormBody("image_file", least=1)],
) -> IndexedResponse:
    """Indexes a product with one or more pictures.

    Pictures are added; the same picture again replaces itself. Nothing is stored unless every
    picture can be decoded.
    """
    app, text = current_app(), form.fields.to_product_text()
    blobs = app.catalogue.put(text, [picture.data for picture in form.uploads])
    return IndexedResponse.from_text(text, app.encoder.model, kind="image", blobs=blobs)


@bp.route(route="v1/products", methods=["GET"], auth_level=SHOPPERS)
@endpoint
def list_products(request: Query[ProductsRequest]) -> ProductsResponse:
    """All products, or those that match a filter, page by page.

    With `sort`, products without a value in that field come last.
    """
    app = current_app()
    fields = app.settings.filterable_fields
    page = app.catalogue.list(
        limit=request.limit,
        cursor=request.cursor,
        where=request.to_filter(fields),
        order=request.to_order(fields),
    )
    return ProductsResponse.from_page(page)


@bp.route(route="v1/products/{product_id}", methods=["GET"], auth_level=SHOPPERS)
@endpoint
def get_product(path: Path[ProductPath]) -> ProductResponse:
    """One product."""
    return ProductResponse.from_product(current_app().catalogue.get(path.product_id))


@bp.route(route="v1/products/{product_id}", methods=["DELETE"])
@endpoint
def delete_product(path: Path[ProductPath]) -> DeletedResponse:
    """Deletes a product from the index, and its original pictures from the container."""
    pictures = current_app().catalogue.delete(path.product_id)
    return DeletedResponse(product_id=path.product_id, images=pictures)


@bp.route(route="v1/images/{*path}", methods=["GET", "HEAD"], auth_level=SHOPPERS)
@endpoint(statuses=(200, 304), media="image/*")
def get_image(
    blob: Path[ImagePath],
    request: Query[ImageRequest],
    known_etag: Annotated[str, Header("if-none-match", "The ETag of the copy that you have.")],
) -> func.HttpResponse:
    """A picture of the images container, or a WebP thumbnail of it.

    A thumbnail's longest side has at most `size` pixels.
    """
    pictures = current_app().pictures
    if request.size is None:
        return respond_with_picture(pictures.read_original(blob.path, known_etag=known_etag))
    return respond_with_picture(
        pictures.read_thumbnail(blob.path, request.size, known_etag=known_etag)
    )
