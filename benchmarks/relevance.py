"""Measures relevance, from which the defaults follow: modes, fusion, blends and the cut-off.

Everything goes through the app's own search over its embedded index. ``relevance_data`` describes
the catalogues and their biases.

    apt-get install tuxpaint-stamps-default
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.harness.report import make_parser, publish
from benchmarks.relevance_data import (
    STAMPS,
    UNANSWERED,
    JudgedCatalogue,
    Queries,
    fill_with_samples,
    fill_with_stamps,
    list_recoloured_queries,
)
from model_export.markdown import render_table
from samples.catalogue import load
from shared_code.app import App
from shared_code.domain.errors import Unprocessable
from shared_code.domain.ports import VectorQuery, WordQuery
from shared_code.domain.products import PointRef
from shared_code.search import HybridQuery, SearchOptions, cutoff
from shared_code.search.blending import IMAGE_WEIGHT
from shared_code.search.query import LEXICAL_WEIGHT, WORDS_WEIGHTS
from shared_code.search.ranking import dedupe_by_product, fuse_scores
from shared_code.settings import Settings

if TYPE_CHECKING:
    from shared_code.domain.products import Hit, Kind, Vector, View
    from shared_code.search import Mode

DEPTH = 100
MODES: tuple[Mode, ...] = ("image", "text", "lexical", "auto")
Ranking = Sequence[str]
"""Product ids, best first."""
Lists = Mapping["View", Sequence["Hit"]]


def main() -> None:
    options = make_parser(__doc__ or "").parse_args()
    if not STAMPS.is_dir():
        raise SystemExit(f"{STAMPS} is missing: apt-get install tuxpaint-stamps-default")
    with tempfile.TemporaryDirectory() as folder:
        stamps, samples = (App(Settings(local_dir=Path(folder, n))) for n in ("a", "b"))
        catalogues = [(stamps, fill_with_stamps(stamps)), (samples, fill_with_samples(samples))]
        parts = {
            "Modes": compare_modes(catalogues),
            "Fusion": compare_fusion(catalogues),
            '"This one, but green"': compare_blends(samples),
            "The cut-off": compare_cut_offs(catalogues),
        }
        model = samples.encoder.model.name
        stamps.close()
        samples.close()
    body = "\n\n".join(f"## {title}\n{text}" for title, text in parts.items())
    publish("Relevance", f"Model: {model}.\n\n{body}", options.out)


HEADER = ["catalogue", "queries", "", "R@1", "R@5", "R@10", "MRR", "nDCG@10"]


def compare_modes(catalogues: Sequence[tuple[App, JudgedCatalogue]]) -> str:
    rows = [
        [
            catalogue.name,
            f"{kind} ({len(queries)})",
            mode,
            *measure_ranking(queries, search_in_mode(app, mode)),
        ]
        for app, catalogue in catalogues
        for kind, queries in catalogue.queries.items()
        for mode in MODES
    ]
    return render_table(HEADER, rows)


def search_in_mode(app: App, mode: Mode) -> Callable[[str], Ranking]:
    def rank_products(query: str) -> Ranking:
        results = app.search.by_text(query, mode, SearchOptions(limit=DEPTH)).results
        return [result.product.product_id for result in results]

    return rank_products


def measure_ranking(queries: Queries, rank_products: Callable[[str], Ranking]) -> list[str]:
    """Returns recall at 1, 5, 10 (a right product is among them), MRR and nDCG@10 (binary)."""
    ranks_of_right = [
        [rank for rank, product_id in enumerate(rank_products(query), 1) if product_id in right]
        for query, right in queries.items()
    ]
    recalls = [np.mean([bool(p) and p[0] <= k for p in ranks_of_right]) for k in (1, 5, 10)]
    mrr = np.mean([1 / p[0] if p else 0.0 for p in ranks_of_right])
    ndcg = np.mean(
        [
            _compute_dcg(p) / _compute_dcg(range(1, len(r) + 1))
            for p, r in zip(ranks_of_right, queries.values(), strict=True)
        ]
    )
    return [f"{value:.3f}" for value in (*recalls, mrr, ndcg)]


def _compute_dcg(ranks: Sequence[int]) -> float:
    return sum(1 / math.log2(rank + 1) for rank in ranks if rank <= 10)


def retrieve_lists(app: App, query: str) -> Lists:
    try:
        vector = app.encoder.encode_texts([query])[0].vector
    except Unprocessable:
        return {"image": [], "text": [], "lexical": []}
    kinds: tuple[Kind, Kind] = ("image", "text")
    engine_queries: list[VectorQuery | WordQuery] = [VectorQuery(kind, vector) for kind in kinds]
    hits = app.index.nearest([*engine_queries, WordQuery(query)], limit=2 * DEPTH)
    names: tuple[View, ...] = ("image", "text", "lexical")
    return {name: dedupe_by_product(h)[:DEPTH] for name, h in zip(names, hits, strict=True)}


def fuse_by_weights(**weights: float) -> Callable[[Lists], Ranking]:
    def fuse(lists: Lists) -> Ranking:
        used = {view: lists[view] for view in lists if view in weights}
        return [r.product.product_id for r in fuse_scores(used, weights)]  # type: ignore[arg-type]

    return fuse


def fuse_by_reciprocal_rank(k: int, *views: View) -> Callable[[Lists], Ranking]:
    """Reciprocal rank fusion: G. Cormack, C. Clarke, S. Buettcher, SIGIR 2009."""

    def fuse(lists: Lists) -> Ranking:
        scores: dict[str, float] = {}
        for view in views:
            for rank, hit in enumerate(lists[view], 1):
                product_id = hit.product.product_id
                scores[product_id] = scores.get(product_id, 0.0) + 1 / (k + rank)
        return sorted(scores, key=lambda product_id: -scores[product_id])

    return fuse


RECIPES: dict[str, Callable[[Lists], Ranking]] = {
    **{
        f"{w:.1f} pictures + {1 - w:.1f} words": fuse_by_weights(image=w, text=1 - w)
        for w in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
    },
    **{
        f"0.4 pictures + 0.6 words + {w} BM25": fuse_by_weights(image=0.4, text=0.6, lexical=w)
        for w in (0.05, 0.1, 0.2, 0.3)
    },
    "reciprocal rank, k=60": fuse_by_reciprocal_rank(60, "image", "text"),
    "reciprocal rank, k=10": fuse_by_reciprocal_rank(10, "image", "text"),
    "reciprocal rank, k=60, with BM25": fuse_by_reciprocal_rank(60, "image", "text", "lexical"),
}
CHOSEN = (
    f"{WORDS_WEIGHTS['image']:.1f} pictures + {WORDS_WEIGHTS['text']:.1f} words + "
    f"{LEXICAL_WEIGHT} BM25"
)
if CHOSEN not in RECIPES:
    raise SystemExit(f"the app's recipe, {CHOSEN}, is not among those compared")


def compare_fusion(catalogues: Sequence[tuple[App, JudgedCatalogue]]) -> str:
    rows = []
    for app, catalogue in catalogues:
        for kind, queries in catalogue.queries.items():
            lists = {query: retrieve_lists(app, query) for query in queries}
            rows += [
                [
                    catalogue.name,
                    kind,
                    f"**{name}**" if name == CHOSEN else name,
                    *measure_ranking(queries, lambda query, f=fuse, of=lists: f(of[query])),  # type: ignore[misc]
                ]
                for name, fuse in RECIPES.items()
            ]
    return render_table(HEADER, rows)


def compare_blends(app: App) -> str:
    cases = list(list_recoloured_queries(load()))
    images = app.index.images_of([p.product_id for p in load()])
    refs = [PointRef(i, image.key) for i, of_one in images.items() for image in of_one]
    image_vectors = app.index.vectors(refs)
    text_vectors = app.index.vectors([PointRef(product_id) for product_id in images])
    middle = {
        "image": _average(list(image_vectors.values())),
        "text": _average(list(text_vectors.values())),
    }

    def compose_query(weight: float, *, centred: bool) -> Callable[[str, str], Ranking]:
        def rank_products(product_id: str, colour: str) -> Ranking:
            picture = _average(
                [v for ref, v in image_vectors.items() if ref.product_id == product_id]
            )
            words = app.encoder.encode_texts([colour])[0].vector
            if centred:
                picture, words = picture - middle["image"], words - middle["text"]
            mixed = weight * _normalise(picture) + (1 - weight) * _normalise(words)
            hits = app.index.nearest([VectorQuery("image", _normalise(mixed))], limit=2 * DEPTH)[0]
            return [h.product.product_id for h in dedupe_by_product(hits)]

        return rank_products

    def search_by_blend(weight: float) -> Callable[[str, str], Ranking]:
        def rank_products(product_id: str, colour: str) -> Ranking:
            blend = HybridQuery(product_ids=[product_id], text=colour, image_weight=weight)
            results = app.search.by_blend(blend, SearchOptions(limit=DEPTH)).results
            return [result.product.product_id for result in results]

        return rank_products

    rows = []
    for weight in (0.3, 0.4, 0.5, 0.6, 0.7):
        mark = "**" if weight == IMAGE_WEIGHT else ""
        recipes = {
            "composed in the picture space": compose_query(weight, centred=False),
            "the same, centred on the means": compose_query(weight, centred=True),
            f"{mark}each against its own views{mark}": search_by_blend(weight),
        }
        for name, rank_products in recipes.items():
            ranks = []
            for product_id, colour, right in cases:
                order = [
                    other for other in rank_products(product_id, colour) if other != product_id
                ]
                ranks.append(min((order.index(r) + 1 for r in right if r in order), default=0))
            first, three = (np.mean([0 < r <= k for r in ranks]) for k in (1, 3))
            mrr = np.mean([1 / r if r else 0 for r in ranks])
            rows.append([name, weight, f"{first:.3f}", f"{three:.3f}", f"{mrr:.3f}"])
    title = f"{len(cases)} queries: a sample and another colour of its kind.\n\n"
    return title + render_table(["recipe", "weight of the picture", "R@1", "R@3", "MRR"], rows)


def _average(vectors: Sequence[Vector]) -> Vector:
    middle: Vector = np.mean(np.stack(vectors), axis=0)
    return middle


def _normalise(vector: Vector) -> Vector:
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


def compare_cut_offs(catalogues: Sequence[tuple[App, JudgedCatalogue]]) -> str:
    """Measures what the cut-off removes from the first ten results.

    A query has no answer if none of its words is in the catalogue.
    """
    rows = []
    for app, catalogue in catalogues:
        unanswered = [q for q in UNANSWERED if not search_in_mode(app, "lexical")(q)]
        wrong = [score_first_ten(app, query) for query in unanswered]
        rights = {
            kind: [(score_first_ten(app, query), right) for query, right in queries.items()]
            for kind, queries in catalogue.queries.items()
        }
        for least in (0.5, 0.6, 0.7, 0.8, 0.9):
            mark = "**" if least == cutoff.LEAST_EVIDENCE else ""
            left = [
                len(select_above_cutoff(answer, least)) / len(answer) for answer in wrong if answer
            ]
            lost = [
                f"{kind}: {measure_right_lost(of_kind, least):.3f}"
                for kind, of_kind in rights.items()
            ]
            rows.append(
                [
                    *(catalogue.name, f"{mark}{least}{mark}", len(unanswered)),
                    *(f"{1 - np.mean(left):.3f}", f"{np.mean(np.array(left) == 0):.3f}"),
                    ", ".join(lost),
                ]
            )
    unanswered_header = [
        "queries without an answer",
        "their results removed",
        "now without results",
    ]
    header = ["catalogue", "least evidence", *unanswered_header, "right answers lost"]
    return render_table(header, rows)


def measure_right_lost(answers: Sequence[tuple[dict[str, float], set[str]]], least: float) -> float:
    """Returns the share of the right products among the first ten that is cut off."""
    shares = [
        1 - len(right & select_above_cutoff(answer, least)) / len(right & set(answer))
        for answer, right in answers
        if right & set(answer)
    ]
    return float(np.mean(shares))


def score_first_ten(app: App, query: str) -> dict[str, float]:
    """Returns the evidence of each of the first ten results, as the cut-off computes it."""
    response = app.search.by_text(query, "auto", SearchOptions(limit=10))
    scales = app.encoder.model.scales
    if scales.text_to_image is None or scales.text_to_text is None:
        raise SystemExit("the manifest of this bundle has no score calibration")
    unrelated, match = 0.0, LEXICAL_WEIGHT
    for view, scale in (("image", scales.text_to_image), ("text", scales.text_to_text)):
        unrelated += response.weights[view] * scale.unrelated  # type: ignore[index]
        match += response.weights[view] * scale.match  # type: ignore[index]
    return {
        result.product.product_id: (result.score - unrelated) / (match - unrelated)
        for result in response.results
    }


def select_above_cutoff(evidence: Mapping[str, float], least: float) -> set[str]:
    floor = max(least, cutoff.LEAST_OF_BEST * max(evidence.values(), default=0.0))
    return {product_id for product_id, value in evidence.items() if value >= floor}


if __name__ == "__main__":
    main()
