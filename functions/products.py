"""Products by hand: put one in, list, look at, delete; and their pictures."""

import azure.functions as func

from functions import answers
from functions.edge import endpoint, ok, picture_answer
from functions.parse import (
    converted,
    form,
    form_with_files,
    is_form,
    json_body,
    parsed_query,
)
from functions.requests import ImageRequest, ListingRequest, NoOptions, ProductForm, ProductRequest
from shared_code.runtime import runtime

bp = func.Blueprint()


@bp.route(route="v1/index-product", methods=["POST"])
@endpoint
def index_product(req: func.HttpRequest) -> func.HttpResponse:
    asked: ProductForm | ProductRequest
    if is_form(req):
        asked = converted(form(req).fields, ProductForm)
    else:
        asked = json_body(req, ProductRequest)
    text = asked.product()
    app = runtime()
    app.catalogue.put(text)
    return ok(answers.indexed(text, "text", app.encoder.model))


@bp.route(route="v1/index-product-with-image", methods=["POST"])
@endpoint
def index_product_with_image(req: func.HttpRequest) -> func.HttpResponse:
    sent = form_with_files(req, "image_file")
    text = converted(sent.fields, ProductForm).product()
    app = runtime()
    blobs = app.catalogue.put(text, [picture.data for picture in sent.uploads])
    return ok(answers.indexed(text, "image", app.encoder.model, blobs))


@bp.route(route="v1/products", methods=["GET"])
@endpoint
def list_products(req: func.HttpRequest) -> func.HttpResponse:
    asked = parsed_query(req, ListingRequest)
    page = runtime().catalogue.list(limit=asked.limit, cursor=asked.cursor)
    products = [answers.product(found) for found in page.items]
    return ok({"count": len(products), "products": products, "cursor": page.cursor})


@bp.route(route="v1/products/{product_id}", methods=["GET"])
@endpoint
def get_product(req: func.HttpRequest) -> func.HttpResponse:
    parsed_query(req, NoOptions)
    return ok(answers.product(runtime().catalogue.get(req.route_params["product_id"])))


@bp.route(route="v1/products/{product_id}", methods=["DELETE"])
@endpoint
def delete_product(req: func.HttpRequest) -> func.HttpResponse:
    parsed_query(req, NoOptions)
    product_id = req.route_params["product_id"]
    pictures = runtime().catalogue.delete(product_id)
    return ok({"status": "deleted", "product_id": product_id, "images": pictures})


@bp.route(route="v1/images/{*path}", methods=["GET"])
@endpoint
def get_image(req: func.HttpRequest) -> func.HttpResponse:
    size = parsed_query(req, ImageRequest).size
    blob, known = req.route_params.get("path", ""), req.headers.get("if-none-match", "")
    pictures = runtime().pictures
    if size is None:
        return picture_answer(pictures.original(blob, known_etag=known))
    return picture_answer(pictures.thumbnail(blob, size, known_etag=known))
