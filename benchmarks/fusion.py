"""How ``auto`` adds up the two views of a text: against pictures, and against words.

On the sample catalogue, by the first picture of each product and its text vector, over
queries for a kind of thing, a category, a colour with a category, and everyday words that
no product's name holds. P@1 and mean average precision. The recipes are applied to whole
lists here; the app applies its own to what it fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.report import arguments, publish, table
from benchmarks.words import Queries, by_kind
from samples.catalogue import SampleProduct, load, sidecar
from shared_code.core.documents import product_text
from shared_code.core.search import FUSION_WEIGHTS
from shared_code.core.words import embed_words
from shared_code.runtime import Runtime
from shared_code.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared_code.core.ports import Encoder
    from shared_code.core.products import Vector

EVERYDAY = {
    "footwear": "shoes",
    "luggage": "bags",
    "instrument": "music",
    "cutlery": "kitchen",
    "headwear": "hats",
    "gadget": "electronics",
    "clothing": "tops",
    "furniture": "home",
    "plant": "garden",
    "something to eat": "food",
    "game for children": "toys",
}

Recipe = Callable[["Vector", "Vector"], "Vector"]
"""Scores of every product against pictures and against words -> scores to rank by."""


def main() -> None:
    asked = arguments(__doc__ or "").parse_args()
    encoder = Runtime(Settings()).encoder
    products = load()
    texts = np.stack([words_vector(encoder, product) for product in products])
    images = encoder.encode_images([encoder.decode(p.images[0].read_bytes()) for p in products])
    kinds = {
        "kind of thing": by_kind(products),
        "category": by("{category}"),
        "colour and category": by("{colour} {category}"),
        "everyday words": {q: by("{category}")[c] for q, c in EVERYDAY.items()},
    }
    rows = []
    for name, recipe in RECIPES.items():
        row: list[object] = [name]
        for queries in kinds.values():
            vectors = [found.vector for found in encoder.encode_texts(list(queries))]
            ranked = [np.argsort(-recipe(images @ v, texts @ v), kind="stable") for v in vectors]
            row += judged(ranked, queries)
        rows.append(row)
    header = ["recipe", *(f"{kind}: {m}" for kind in kinds for m in ("P@1", "MAP"))]
    publish("Fusing pictures and words", table(header, rows), asked.out)


def words_vector(encoder: Encoder, product: SampleProduct) -> Vector:
    vector = embed_words(encoder, product_text(product.product_id, **sidecar(product)))
    assert vector is not None  # noqa: S101 - the samples are written in words the model knows
    return vector


def by(pattern: str) -> Queries:
    queries: Queries = {}
    for position, product in enumerate(load()):
        queries.setdefault(pattern.format(**product.metadata), set()).add(position)
    return queries


def judged(ranked: list[NDArray[np.intp]], queries: Queries) -> list[str]:
    first, average = [], []
    for order, right in zip(ranked, queries.values(), strict=True):
        hit = np.array([position in right for position in order])
        precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
        first.append(hit[0])
        average.append(precision[hit].mean())
    return [f"{np.mean(first):.3f}", f"{np.mean(average):.3f}"]


def weighted(image: float) -> Recipe:
    return lambda images, texts: image * images + (1 - image) * texts


def reciprocal_rank(k: int) -> Recipe:
    """Cormack, Clarke and Buettcher, SIGIR 2009."""

    def of_list(scores: Vector) -> Vector:
        ranks = np.argsort(np.argsort(-scores))
        shares: Vector = (1 / (k + 1 + ranks)).astype(np.float32)
        return shares

    return lambda images, texts: of_list(images) + of_list(texts)


def standardised(images: Vector, texts: Vector) -> Vector:
    def of_list(scores: Vector) -> Vector:
        standard: Vector = ((scores - scores.mean()) / scores.std()).astype(np.float32)
        return standard

    return of_list(images) + of_list(texts)


RECIPES: dict[str, Recipe] = {
    "pictures alone": weighted(1.0),
    "words alone": weighted(0.0),
    "reciprocal rank, k=60": reciprocal_rank(60),
    "reciprocal rank, k=2": reciprocal_rank(2),
    "standard scores": standardised,
    "0.5 pictures + 0.5 words": weighted(0.5),
    "0.4 pictures + 0.6 words": weighted(0.4),
    "0.3 pictures + 0.7 words": weighted(0.3),
}
CHOSEN = f"{FUSION_WEIGHTS['image']} pictures + {FUSION_WEIGHTS['text']} words"
if CHOSEN not in RECIPES:
    raise SystemExit(f"the app's recipe, {CHOSEN}, is not among those compared")


if __name__ == "__main__":
    main()
