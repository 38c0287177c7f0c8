"""Records to write into an index, and short ways to read what it holds."""

import numpy as np

from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.adapters.qdrant.points import CollectionSpec
from shared_code.domain.ports import VectorQuery
from shared_code.domain.products import (
    ImageRecord,
    ImageRef,
    ModelInfo,
    PointRevision,
    ProductText,
    TextRecord,
)
from shared_code.wiring import collection_spec, connect_to_qdrant

DIMENSION = 8
MODEL = ModelInfo("test", "fp32", DIMENSION, "0123456789ab")
OTHER_MODEL = ModelInfo("other", "fp32", DIMENSION, "ba9876543210")
FIELDS = {
    "category": "keyword",
    "price": "number",
    "in_stock": "bool",
    "size (cm)": "keyword",
    "größe": "number",
    "since": "date",
}


def spec(alias="products", *, distance="cosine", model=MODEL, quantization="none", is_built=False):
    return CollectionSpec(alias, model, distance, quantization, FIELDS, is_built=is_built)


def cloud_index(settings, model=MODEL, *, is_built=False):
    """The index on a Qdrant server, as the app builds it from these settings."""
    cloud_spec = collection_spec(settings, model, is_built=is_built)
    return QdrantCloudIndex(lambda: connect_to_qdrant(settings), cloud_spec)


def make_vector(angle):
    """Returns the unit vector at this angle, in degrees, from ``vector_at(0)``."""
    vector = np.zeros(DIMENSION, np.float32)
    vector[:2] = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return vector


def text(product_id, version=1, angle=0, *, name=None, **metadata):
    words = ProductText(product_id, name or f"{product_id} v{version}", f"d{version}", metadata)
    vector = None if angle is None else make_vector(angle)
    return TextRecord(words, vector, PointRevision(f"text-{version}", version))


def picture(product_id, key="a.jpg", version=1, angle=0, *, words=1, **metadata):
    """Returns a picture's record; ``words`` is the version of the product text that it carries."""
    return ImageRecord(
        ProductText(product_id, f"{product_id} v{words}", f"d{words}", metadata),
        ImageRef(key, f"{product_id}/{key}"),
        make_vector(angle),
        PointRevision(f"image-{version}", version),
        words,
    )


def search(index, kind="image", angle=0, *, limit=100, where=None):
    [hits] = index.nearest([VectorQuery(kind, make_vector(angle))], limit=limit, where=where)
    return hits


def find_matching_ids(index, where, kind="text"):
    return {hit.product.product_id for hit in search(index, kind, where=where)}


def read_names_by_image_key(index):
    """Returns the product name that each picture carries, by image key."""
    return {hit.image.key: hit.product.name for hit in search(index)}


def list_all_products(index, *, limit):
    items, cursor = [], None
    while True:
        page = index.products(limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        items += page.items
        cursor = page.cursor
        if cursor is None:
            return items
