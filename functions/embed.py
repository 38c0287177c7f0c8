"""POST embed and embed-image: embeddings, for a search engine of your own.

Texts and pictures are embedded in ``shared_code/search/embeddings.py``.
"""

from typing import Annotated

import azure.functions as func

from functions.http import Body, FormBody, FormPayload, endpoint
from functions.schemas.base import NoFields
from functions.schemas.embed import (
    EmbedRequest,
    ImageEmbedding,
    ImageEmbeddings,
    TextEmbedding,
    TextEmbeddings,
    make_image_response,
)
from shared_code.app import current_app
from shared_code.search import Photo

bp = func.Blueprint()


@bp.route(route="v1/embed", methods=["POST"])
@endpoint(problems=(429,))
def embed_text(request: Body[EmbedRequest]) -> TextEmbedding | TextEmbeddings:
    """The embedding of one text, or of several."""
    app = current_app()
    embeddings = app.embeddings.texts(request.all_texts)
    return request.to_response([e.vector for e in embeddings], app.encoder.model)


@bp.route(route="v1/embed-image", methods=["POST"])
@endpoint(problems=(429,))
def embed_image(
    form: Annotated[FormPayload[NoFields], FormBody("file", least=1)],
) -> ImageEmbedding | ImageEmbeddings:
    """The embedding of one picture, or of several."""
    app = current_app()
    vectors = app.embeddings.photos([Photo(upload.data) for upload in form.uploads])
    return make_image_response([u.name for u in form.uploads], vectors, app.encoder.model)
