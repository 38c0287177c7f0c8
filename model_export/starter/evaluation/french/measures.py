"""How a bundle fares in French beside English: the same pictures, the same questions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from model_export.starter.arrays import Floats
from model_export.starter.evaluation import retrieval
from model_export.starter.evaluation.bundle_encoder import BundleEncoder
from model_export.starter.evaluation.colour_test import tinted_pictures
from model_export.starter.evaluation.french.queries import (
    in_french,
    is_glossary_entry,
    stamp_queries,
)
from model_export.starter.evaluation.stamps import Stamp
from model_export.starter.french.inflection import folded
from samples import catalogue

Sides = dict[str, dict[str, Any]]  # "english" and "french" -> a Recall as a dict


def french_report(encoder: BundleEncoder, stamps: list[Stamp], images: Floats) -> dict[str, Any]:
    """`images`: the stamps' vectors [n, 512]."""
    sets = {
        **caption_sets(encoder, stamps, images),
        "colour": colour_set(encoder, stamps),
        **sample_sets(encoder),
    }
    return {"retrieval": sets, "typing": typing_cosines(encoder, stamps)}


def caption_sets(encoder: BundleEncoder, stamps: list[Stamp], images: Floats) -> dict[str, Sides]:
    """All translated captions, and those that are no glossary entry as a whole."""
    chosen = [row for row, stamp in enumerate(stamps) if stamp.is_object]
    keys = np.array([stamps[row].key for row in chosen])
    queries = stamp_queries([stamps[row] for row in chosen])
    is_right = np.array([keys == query.key for query in queries])
    is_new = np.array([not is_glossary_entry(query.french) for query in queries])
    ranks = {
        "english": best_ranks(
            encoder.texts([q.english for q in queries]), images[chosen], is_right
        ),
        "french": best_ranks(encoder.texts([q.french for q in queries]), images[chosen], is_right),
    }
    return {
        "captions": both(lambda side: ranks[side], len(chosen)),
        "captions, no glossary entry": both(lambda side: ranks[side][is_new], len(chosen)),
    }


def colour_set(encoder: BundleEncoder, stamps: list[Stamp]) -> Sides:
    tints = tinted_pictures(stamps)
    images = encoder.images(tint.picture for tint in tints)
    texts = {
        "english": [tint.query for tint in tints],
        "french": [in_french(tint.query) for tint in tints],
    }
    return both(
        lambda side: retrieval.paired_ranks(encoder.texts(texts[side]), images), len(images)
    )


def sample_sets(encoder: BundleEncoder) -> dict[str, Sides]:
    products = catalogue.load()
    shots = [(row, path) for row, product in enumerate(products) for path in product.images]
    images = encoder.images(Image.open(path) for _, path in shots)
    is_right = np.array([row for row, _ in shots]) == np.arange(len(products))[:, None]
    names = {"english": [p.name for p in products], "french": [p.name_fr for p in products]}
    words = {
        "english": [p.description for p in products],
        "french": [p.description_fr for p in products],
    }
    described = encoder.texts(words["english"])

    def pictured(texts: dict[str, list[str]]) -> Sides:
        return both(
            lambda side: best_ranks(encoder.texts(texts[side]), images, is_right), len(images)
        )

    return {
        "samples: name to picture": pictured(names),
        "samples: description to picture": pictured(words),
        "samples: name to English description": both(
            lambda side: retrieval.paired_ranks(encoder.texts(names[side]), described),
            len(described),
        ),
    }


def both(ranks: Callable[[str], retrieval.Ranks], searched: int) -> Sides:
    return {
        side: dataclasses.asdict(retrieval.recall(ranks(side), searched))
        for side in ("english", "french")
    }


def best_ranks(texts: Floats, images: Floats, is_right: npt.NDArray[np.bool_]) -> retrieval.Ranks:
    """The rank (from 1) of the best right picture of each text. is_right [texts, images]."""
    scores = texts @ images.T
    best = np.where(is_right, scores, -np.inf).max(axis=1)
    return np.asarray((scores > best[:, None]).sum(axis=1) + 1, np.int64)


def typing_cosines(encoder: BundleEncoder, stamps: list[Stamp]) -> dict[str, float]:
    """Lowest cosine of a French query to itself in capitals and without accents."""
    texts = [query.french for query in stamp_queries(stamps)]
    texts += [product.name_fr for product in catalogue.load()]
    vectors = encoder.texts(texts)
    ways = {"capitals": str.upper, "no_accents": folded}
    return {
        name: round(float((vectors * encoder.texts(list(map(way, texts)))).sum(axis=1).min()), 4)
        for name, way in ways.items()
    }
