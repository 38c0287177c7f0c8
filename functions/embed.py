"""POST embed and embed-image: the vectors themselves, for those who search elsewhere."""

import azure.functions as func

from functions.answers import numbers
from functions.edge import endpoint, ok
from functions.parse import form_with_files, json_body
from functions.requests import EmbedRequest
from shared_code.runtime import runtime

bp = func.Blueprint()


@bp.route(route="v1/embed", methods=["POST"])
@endpoint
def embed_text(req: func.HttpRequest) -> func.HttpResponse:
    asked = json_body(req, EmbedRequest)
    encoder = runtime().encoder
    vectors = [numbers(found.vector) for found in encoder.encode_texts(asked.all_texts)]
    one_or_all = {"embeddings": vectors} if asked.is_batch else {"embedding": vectors[0]}
    return ok({**one_or_all, "dimension": encoder.model.dimension, "model": encoder.model.name})


@bp.route(route="v1/embed-image", methods=["POST"])
@endpoint
def embed_image(req: func.HttpRequest) -> func.HttpResponse:
    pictures = form_with_files(req, "file").uploads
    encoder = runtime().encoder
    vectors = encoder.encode_images([encoder.decode(picture.data) for picture in pictures])
    embedded = [
        {"image": picture.name, "embedding": numbers(vector)}
        for picture, vector in zip(pictures, vectors, strict=True)
    ]
    one_or_all = embedded[0] if len(embedded) == 1 else {"images": embedded}
    return ok({**one_or_all, "dimension": encoder.model.dimension, "model": encoder.model.name})
