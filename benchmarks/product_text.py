"""Compares ways to embed a product's text: name and description as one text, or apart and weighted.

It searches the text vectors of the sample catalogue with three kinds of query: the kind of thing
("running shoe": the name without its colour; any product of that kind is right), the first clause
of the description, and the French name, which shows how much of the French half of the description
is left in the vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.harness.report import make_parser, publish
from model_export.markdown import render_table
from samples.catalogue import SampleProduct, load, sidecar
from shared_code.app import App
from shared_code.settings import Settings

if TYPE_CHECKING:
    from shared_code.domain.products import Vectors

COLOURS = {product.metadata["colour"] for product in load()} | {"golden", "dark", "warm", "light"}
WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.7, 1.0)

Queries = dict[str, set[int]]
"""Query -> positions of the products that are right."""


def main() -> None:
    options = make_parser(__doc__ or "").parse_args()
    products = load()
    descriptions = [sidecar(product)["description"] for product in products]
    names = embed_texts([product.name for product in products])
    apart = embed_texts(descriptions)
    joined = [f"{p.name}. {text}" for p, text in zip(products, descriptions, strict=True)]
    ways = {"one text": embed_texts(joined)}
    for weight in WEIGHTS:
        ways[f"apart, name {weight}"] = weight * names + (1 - weight) * apart
    kinds = {
        "kind of thing": group_by_kind(products),
        "description": {p.description.split(",")[0]: {i} for i, p in enumerate(products)},
        "French name": {p.name_fr: {i} for i, p in enumerate(products)},
    }
    rows = [
        [way, *(cell for queries in kinds.values() for cell in score(queries, vectors))]
        for way, vectors in ways.items()
    ]
    header = ["text vector", *(f"{kind}: {m}" for kind in kinds for m in ("R@1", "MRR"))]
    sizes = ", ".join(f"{len(queries)} of {kind}" for kind, queries in kinds.items())
    publish(
        "Embedding a product's text",
        render_table(header, rows) + f"\n\nQueries: {sizes}.",
        options.out,
    )


_encoder = App(Settings()).encoder


def embed_texts(texts: Sequence[str]) -> Vectors:
    return np.stack([text.vector for text in _encoder.encode_texts(texts)])


def group_by_kind(products: Sequence[SampleProduct]) -> Queries:
    queries: Queries = {}
    for position, product in enumerate(products):
        words = [w for w in product.name.lower().split() if w not in COLOURS]
        queries.setdefault(" ".join(words), set()).add(position)
    return queries


def score(queries: Queries, vectors: Vectors) -> list[str]:
    """Returns the share of queries with a right product first, and the mean reciprocal rank."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    ranks: list[int] = []
    for query, right in zip(embed_texts(list(queries)), queries.values(), strict=True):
        order = np.argsort(-(unit @ query), kind="stable")
        ranks.append(1 + next(i for i, position in enumerate(order) if position in right))
    ranks_of_first = np.array(ranks)
    return [f"{(ranks_of_first == 1).mean():.3f}", f"{(1 / ranks_of_first).mean():.3f}"]


if __name__ == "__main__":
    main()
