"""How good the answers are, and what the defaults follow from: modes, fusion, blends, the cut-off.

Everything is asked of the app's own search over its own embedded index. ``relevance_data`` says
what the catalogues are and what is unfair about them.

    apt-get install tuxpaint-stamps-default
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.harness.report import arguments, publish, table
from benchmarks.relevance_data import (
    STAMPS,
    UNANSWERED,
    Catalogue,
    Queries,
    fill_with_samples,
    fill_with_stamps,
    recoloured,
)
from samples.catalogue import load
from shared_code.app import App
from shared_code.domain.errors import Unprocessable
from shared_code.domain.ports import VectorQuery, WordQuery
from shared_code.domain.products import PointRef
from shared_code.search import cutoff
from shared_code.search.blending import IMAGE_WEIGHT
from shared_code.search.query import LEXICAL_WEIGHT, WORDS_WEIGHTS, Blend, Options
from shared_code.search.ranking import one_per_product, ranked
from shared_code.settings import Settings

if TYPE_CHECKING:
    from shared_code.domain.products import Hit, Kind, Vector, View
    from shared_code.search.query import Mode

DEPTH = 100
MODES: tuple[Mode, ...] = ("image", "text", "lexical", "auto")
Ranking = Sequence[str]
"""Product ids, best first."""
Lists = Mapping["View", Sequence["Hit"]]


def main() -> None:
    asked = arguments(__doc__ or "").parse_args()
    if not STAMPS.is_dir():
        raise SystemExit(f"{STAMPS} is missing: apt-get install tuxpaint-stamps-default")
    with tempfile.TemporaryDirectory() as folder:
        stamps, samples = (App(Settings(local_dir=Path(folder, n))) for n in ("a", "b"))
        catalogues = [(stamps, fill_with_stamps(stamps)), (samples, fill_with_samples(samples))]
        parts = {
            "Modes": modes(catalogues),
            "Fusion": fusion(catalogues),
            '"This one, but green"': blends(samples),
            "The cut-off": cut_offs(catalogues),
        }
        model = samples.encoder.model.name
        stamps.close()
        samples.close()
    body = "\n\n".join(f"## {title}\n{text}" for title, text in parts.items())
    publish("Relevance", f"Model: {model}.\n\n{body}", asked.out)


HEADER = ["catalogue", "queries", "", "R@1", "R@5", "R@10", "MRR", "nDCG@10"]


def modes(catalogues: Sequence[tuple[App, Catalogue]]) -> str:
    rows = [
        [catalogue.name, f"{kind} ({len(queries)})", mode, *judged(queries, in_mode(app, mode))]
        for app, catalogue in catalogues
        for kind, queries in catalogue.queries.items()
        for mode in MODES
    ]
    return table(HEADER, rows)


def in_mode(app: App, mode: Mode) -> Callable[[str], Ranking]:
    def answer(query: str) -> Ranking:
        results = app.search.by_text(query, mode, Options(limit=DEPTH)).results
        return [result.product.product_id for result in results]

    return answer


def judged(queries: Queries, answer: Callable[[str], Ranking]) -> list[str]:
    """Recall at 1, 5, 10 (a right product is among so many), MRR and nDCG@10 (binary)."""
    places = [
        [place for place, found in enumerate(answer(query), 1) if found in right]
        for query, right in queries.items()
    ]
    recalls = [np.mean([bool(p) and p[0] <= k for p in places]) for k in (1, 5, 10)]
    mrr = np.mean([1 / p[0] if p else 0.0 for p in places])
    ndcg = np.mean(
        [
            _dcg(p) / _dcg(range(1, len(r) + 1))
            for p, r in zip(places, queries.values(), strict=True)
        ]
    )
    return [f"{value:.3f}" for value in (*recalls, mrr, ndcg)]


def _dcg(places: Sequence[int]) -> float:
    return sum(1 / math.log2(place + 1) for place in places if place <= 10)


def lists_of(app: App, query: str) -> Lists:
    try:
        vector = app.encoder.encode_texts([query])[0].vector
    except Unprocessable:
        return {"image": [], "text": [], "lexical": []}
    kinds: tuple[Kind, Kind] = ("image", "text")
    sought: list[VectorQuery | WordQuery] = [VectorQuery(kind, vector) for kind in kinds]
    found = app.index.nearest([*sought, WordQuery(query)], limit=2 * DEPTH)
    names: tuple[View, ...] = ("image", "text", "lexical")
    return {name: one_per_product(h)[:DEPTH] for name, h in zip(names, found, strict=True)}


def weighted(**weights: float) -> Callable[[Lists], Ranking]:
    def fused(lists: Lists) -> Ranking:
        used = {view: lists[view] for view in lists if view in weights}
        return [r.product.product_id for r in ranked(used, weights)]  # type: ignore[arg-type]

    return fused


def reciprocal_rank(k: int, *views: View) -> Callable[[Lists], Ranking]:
    """G. Cormack, C. Clarke, S. Buettcher, SIGIR 2009."""

    def fused(lists: Lists) -> Ranking:
        scores: dict[str, float] = {}
        for view in views:
            for rank, hit in enumerate(lists[view], 1):
                product_id = hit.product.product_id
                scores[product_id] = scores.get(product_id, 0.0) + 1 / (k + rank)
        return sorted(scores, key=lambda product_id: -scores[product_id])

    return fused


RECIPES: dict[str, Callable[[Lists], Ranking]] = {
    **{
        f"{w:.1f} pictures + {1 - w:.1f} words": weighted(image=w, text=1 - w)
        for w in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
    },
    **{
        f"0.4 pictures + 0.6 words + {w} BM25": weighted(image=0.4, text=0.6, lexical=w)
        for w in (0.05, 0.1, 0.2, 0.3)
    },
    "reciprocal rank, k=60": reciprocal_rank(60, "image", "text"),
    "reciprocal rank, k=10": reciprocal_rank(10, "image", "text"),
    "reciprocal rank, k=60, with BM25": reciprocal_rank(60, "image", "text", "lexical"),
}
CHOSEN = (
    f"{WORDS_WEIGHTS['image']:.1f} pictures + {WORDS_WEIGHTS['text']:.1f} words + "
    f"{LEXICAL_WEIGHT} BM25"
)
if CHOSEN not in RECIPES:
    raise SystemExit(f"the app's recipe, {CHOSEN}, is not among those compared")


def fusion(catalogues: Sequence[tuple[App, Catalogue]]) -> str:
    rows = []
    for app, catalogue in catalogues:
        for kind, queries in catalogue.queries.items():
            lists = {query: lists_of(app, query) for query in queries}
            rows += [
                [
                    catalogue.name,
                    kind,
                    f"**{name}**" if name == CHOSEN else name,
                    *judged(queries, lambda query, f=fused, of=lists: f(of[query])),  # type: ignore[misc]
                ]
                for name, fused in RECIPES.items()
            ]
    return table(HEADER, rows)


def blends(app: App) -> str:
    cases = list(recoloured(load()))
    images = app.index.images_of([p.product_id for p in load()])
    refs = [PointRef(i, image.key) for i, of_one in images.items() for image in of_one]
    seen = app.index.vectors(refs)
    said = app.index.vectors([PointRef(product_id) for product_id in images])
    middle = {"image": _mean(list(seen.values())), "text": _mean(list(said.values()))}

    def composed(weight: float, *, centred: bool) -> Callable[[str, str], Ranking]:
        def answer(product_id: str, colour: str) -> Ranking:
            picture = _mean([v for ref, v in seen.items() if ref.product_id == product_id])
            words = app.encoder.encode_texts([colour])[0].vector
            if centred:
                picture, words = picture - middle["image"], words - middle["text"]
            mixed = weight * _unit(picture) + (1 - weight) * _unit(words)
            hits = app.index.nearest([VectorQuery("image", _unit(mixed))], limit=2 * DEPTH)[0]
            return [h.product.product_id for h in one_per_product(hits)]

        return answer

    def ours(weight: float) -> Callable[[str, str], Ranking]:
        def answer(product_id: str, colour: str) -> Ranking:
            blend = Blend(product_ids=[product_id], text=colour, image_weight=weight)
            found = app.search.by_blend(blend, Options(limit=DEPTH)).results
            return [result.product.product_id for result in found]

        return answer

    rows = []
    for weight in (0.3, 0.4, 0.5, 0.6, 0.7):
        mark = "**" if weight == IMAGE_WEIGHT else ""
        recipes = {
            "composed in the picture space": composed(weight, centred=False),
            "the same, centred on the means": composed(weight, centred=True),
            f"{mark}each against its own views{mark}": ours(weight),
        }
        for name, answer in recipes.items():
            places = []
            for product_id, colour, right in cases:
                order = [found for found in answer(product_id, colour) if found != product_id]
                places.append(min((order.index(r) + 1 for r in right if r in order), default=0))
            first, three = (np.mean([0 < p <= k for p in places]) for k in (1, 3))
            mrr = np.mean([1 / p if p else 0 for p in places])
            rows.append([name, weight, f"{first:.3f}", f"{three:.3f}", f"{mrr:.3f}"])
    said_of = f"{len(cases)} queries: a sample and another colour of its kind.\n\n"
    return said_of + table(["recipe", "weight of the picture", "R@1", "R@3", "MRR"], rows)


def _mean(vectors: Sequence[Vector]) -> Vector:
    middle: Vector = np.mean(np.stack(vectors), axis=0)
    return middle


def _unit(vector: Vector) -> Vector:
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


def cut_offs(catalogues: Sequence[tuple[App, Catalogue]]) -> str:
    """Of the first ten of each answer. A query is unanswered where no word of it is found."""
    rows = []
    for app, catalogue in catalogues:
        unanswered = [q for q in UNANSWERED if not in_mode(app, "lexical")(q)]
        wrong = [answered(app, query) for query in unanswered]
        rights = {
            kind: [(answered(app, query), found) for query, found in queries.items()]
            for kind, queries in catalogue.queries.items()
        }
        for least in (0.5, 0.6, 0.7, 0.8, 0.9):
            mark = "**" if least == cutoff.LEAST_EVIDENCE else ""
            left = [len(kept(answer, least)) / len(answer) for answer in wrong if answer]
            lost = [f"{kind}: {right_lost(of_kind, least):.3f}" for kind, of_kind in rights.items()]
            rows.append(
                [
                    *(catalogue.name, f"{mark}{least}{mark}", len(unanswered)),
                    *(f"{1 - np.mean(left):.3f}", f"{np.mean(np.array(left) == 0):.3f}"),
                    ", ".join(lost),
                ]
            )
    wrong_said = ["queries without an answer", "of theirs removed", "of them now empty"]
    header = ["catalogue", "least evidence", *wrong_said, "right answers lost"]
    return table(header, rows)


def right_lost(answers: Sequence[tuple[dict[str, float], set[str]]], least: float) -> float:
    """Of the right products among the first ten, the share that is cut off."""
    shares = [
        1 - len(found & kept(answer, least)) / len(found & set(answer))
        for answer, found in answers
        if found & set(answer)
    ]
    return float(np.mean(shares))


def answered(app: App, query: str) -> dict[str, float]:
    """The first ten, each with its evidence: see ``core.cutoff``."""
    answer = app.search.by_text(query, "auto", Options(limit=10))
    scales = app.encoder.model.scales
    if scales.text_to_image is None or scales.text_to_text is None:
        raise SystemExit("this bundle does not tell what its scores mean")
    unrelated, match = 0.0, LEXICAL_WEIGHT
    for view, scale in (("image", scales.text_to_image), ("text", scales.text_to_text)):
        unrelated += answer.weights[view] * scale.unrelated  # type: ignore[index]
        match += answer.weights[view] * scale.match  # type: ignore[index]
    return {
        result.product.product_id: (result.score - unrelated) / (match - unrelated)
        for result in answer.results
    }


def kept(evidence: Mapping[str, float], least: float) -> set[str]:
    floor = max(least, cutoff.LEAST_OF_BEST * max(evidence.values(), default=0.0))
    return {product_id for product_id, each in evidence.items() if each >= floor}


if __name__ == "__main__":
    main()
