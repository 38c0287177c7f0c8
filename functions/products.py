"""Products by hand: put one in, list, look at, delete; and their pictures."""

from typing import Annotated

import azure.functions as func

from functions.http.access import SHOPPERS
from functions.http.arguments import FormBody, Header, Path, Query, Sent
from functions.http.edge import endpoint
from functions.http.responses import picture_answer
from functions.schemas import products as answers
from functions.schemas.products import DeletedAnswer, IndexedAnswer, ProductAnswer, ProductsAnswer
from functions.schemas.requests import (
    ImagePath,
    ImageRequest,
    ProductForm,
    ProductPath,
    ProductRequest,
    ProductsRequest,
    filter_of,
)
from shared_code.app import current_app

bp = func.Blueprint()


@bp.route(route="v1/index-product", methods=["POST"])
@endpoint
def index_product(
    sent: Annotated[Sent[ProductForm | ProductRequest], FormBody(json=ProductRequest)],
) -> IndexedAnswer:
    """Puts a product in by its words, or replaces its words.

    Pictures that the product has stay.
    """
    text = sent.fields.product()
    app = current_app()
    app.catalogue.put(text)
    return answers.indexed(text, "text", app.encoder.model)


@bp.route(route="v1/index-product-with-image", methods=["POST"])
@endpoint
def index_product_with_image(
    sent: Annotated[Sent[ProductForm], FormBody("image_file", least=1)],
) -> IndexedAnswer:
    """Puts a product in with one or more pictures.

    Pictures are added; the same picture again replaces itself. Nothing is stored unless every
    picture can be decoded.
    """
    text = sent.fields.product()
    app = current_app()
    blobs = app.catalogue.put(text, [picture.data for picture in sent.uploads])
    return answers.indexed(text, "image", app.encoder.model, blobs)


@bp.route(route="v1/products", methods=["GET"], auth_level=SHOPPERS)
@endpoint
def list_products(asked: Query[ProductsRequest]) -> ProductsAnswer:
    """All products, or those that a filter lets through, page by page.

    With `sort` by a field: products without a value come last.
    """
    app = current_app()
    fields = app.settings.filterable_fields
    where, order = filter_of(asked.filter, fields), asked.order(fields)
    page = app.catalogue.list(limit=asked.limit, cursor=asked.cursor, where=where, order=order)
    return answers.products(page)


@bp.route(route="v1/products/{product_id}", methods=["GET"], auth_level=SHOPPERS)
@endpoint
def get_product(path: Path[ProductPath]) -> ProductAnswer:
    """One product."""
    return answers.product(current_app().catalogue.get(path.product_id))


@bp.route(route="v1/products/{product_id}", methods=["DELETE"])
@endpoint
def delete_product(path: Path[ProductPath]) -> DeletedAnswer:
    """Removes a product from the index and its originals from the container."""
    pictures = current_app().catalogue.delete(path.product_id)
    return DeletedAnswer(product_id=path.product_id, images=pictures)


@bp.route(route="v1/images/{*path}", methods=["GET", "HEAD"], auth_level=SHOPPERS)
@endpoint(statuses=(200, 304), media="image/*")
def get_image(
    blob: Path[ImagePath],
    asked: Query[ImageRequest],
    known: Annotated[str, Header("if-none-match", "The ETag of the copy that you have.")],
) -> func.HttpResponse:
    """A picture of the images container, or a WebP thumbnail of it.

    A thumbnail's longest side has at most `size` pixels.
    """
    pictures = current_app().pictures
    if asked.size is None:
        return picture_answer(pictures.read_original(blob.path, known_etag=known))
    return picture_answer(pictures.read_thumbnail(blob.path, asked.size, known_etag=known))
