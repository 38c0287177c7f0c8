"""POST embed and embed-image: the vectors themselves, for those who search elsewhere."""

from typing import Annotated

import azure.functions as func

from functions.http.arguments import Body, FormBody, Sent
from functions.http.edge import endpoint
from functions.schemas.embed import (
    ImageEmbedding,
    ImageEmbeddings,
    TextEmbedding,
    TextEmbeddings,
    of_pictures,
    of_text,
    of_texts,
)
from functions.schemas.requests import EmbedRequest, NoFields
from shared_code.app import current_app
from shared_code.search import Photo

bp = func.Blueprint()


@bp.route(route="v1/embed", methods=["POST"])
@endpoint(problems=(429,))
def embed_text(asked: Body[EmbedRequest]) -> TextEmbedding | TextEmbeddings:
    """The vector of one text, or those of several."""
    app = current_app()
    embeddings, encoder = app.embeddings, app.encoder
    vectors = [found.vector for found in embeddings.texts(asked.all_texts)]
    return (
        of_texts(vectors, encoder.model) if asked.is_batch else of_text(vectors[0], encoder.model)
    )


@bp.route(route="v1/embed-image", methods=["POST"])
@endpoint(problems=(429,))
def embed_image(
    sent: Annotated[Sent[NoFields], FormBody("file", least=1)],
) -> ImageEmbedding | ImageEmbeddings:
    """The vector of one picture, or those of several."""
    app = current_app()
    embeddings, encoder = app.embeddings, app.encoder
    vectors = embeddings.photos([Photo(picture.data) for picture in sent.uploads])
    return of_pictures([picture.name for picture in sent.uploads], vectors, encoder.model)
