"""Measures a bundle in French and in English, with the same queries on the same pictures."""

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
from model_export.starter.evaluation.colour_check import make_tinted_pictures
from model_export.starter.evaluation.french.queries import (
    is_glossary_entry,
    load_stamp_queries,
    translate_tint_query,
)
from model_export.starter.evaluation.stamps import Stamp
from model_export.starter.french.inflection import fold_spelling
from samples import catalogue

Sides = dict[str, dict[str, Any]]  # "english" and "french" -> a Recall as a dict


def measure_french(encoder: BundleEncoder, stamps: list[Stamp], images: Floats) -> dict[str, Any]:
    """`images` are the stamps' vectors [n, 512]."""
    sets = {
        **measure_captions(encoder, stamps, images),
        "colour": measure_colours(encoder, stamps),
        **measure_samples(encoder),
    }
    return {"retrieval": sets, "typing": measure_typing(encoder, stamps)}


def measure_captions(
    encoder: BundleEncoder, stamps: list[Stamp], images: Floats
) -> dict[str, Sides]:
    """Measures all translated captions, and those that are not a whole glossary entry."""
    chosen = [row for row, stamp in enumerate(stamps) if stamp.is_object]
    keys = np.array([stamps[row].key for row in chosen])
    queries = load_stamp_queries([stamps[row] for row in chosen])
    is_right = np.array([keys == query.key for query in queries])
    is_new = np.array([not is_glossary_entry(query.french) for query in queries])
    ranks = {
        "english": rank_best(
            encoder.encode_texts([q.english for q in queries]), images[chosen], is_right
        ),
        "french": rank_best(
            encoder.encode_texts([q.french for q in queries]), images[chosen], is_right
        ),
    }
    return {
        "captions": measure_both(lambda side: ranks[side], len(chosen)),
        "captions, no glossary entry": measure_both(lambda side: ranks[side][is_new], len(chosen)),
    }


def measure_colours(encoder: BundleEncoder, stamps: list[Stamp]) -> Sides:
    tints = make_tinted_pictures(stamps)
    images = encoder.encode_images(tint.picture for tint in tints)
    texts = {
        "english": [tint.query for tint in tints],
        "french": [translate_tint_query(tint.query) for tint in tints],
    }
    return measure_both(
        lambda side: retrieval.rank_pairs(encoder.encode_texts(texts[side]), images), len(images)
    )


def measure_samples(encoder: BundleEncoder) -> dict[str, Sides]:
    products = catalogue.load()
    shots = [(row, path) for row, product in enumerate(products) for path in product.images]
    images = encoder.encode_images(Image.open(path) for _, path in shots)
    is_right = np.array([row for row, _ in shots]) == np.arange(len(products))[:, None]
    names = {"english": [p.name for p in products], "french": [p.name_fr for p in products]}
    words = {
        "english": [p.description for p in products],
        "french": [p.description_fr for p in products],
    }
    descriptions = encoder.encode_texts(words["english"])

    def search_pictures(texts: dict[str, list[str]]) -> Sides:
        return measure_both(
            lambda side: rank_best(encoder.encode_texts(texts[side]), images, is_right), len(images)
        )

    return {
        "samples: name to picture": search_pictures(names),
        "samples: description to picture": search_pictures(words),
        "samples: name to English description": measure_both(
            lambda side: retrieval.rank_pairs(encoder.encode_texts(names[side]), descriptions),
            len(descriptions),
        ),
    }


def measure_both(ranks: Callable[[str], retrieval.Ranks], searched: int) -> Sides:
    return {
        side: dataclasses.asdict(retrieval.compute_recall(ranks(side), searched))
        for side in ("english", "french")
    }


def rank_best(texts: Floats, images: Floats, is_right: npt.NDArray[np.bool_]) -> retrieval.Ranks:
    """Returns the rank (from 1) of each text's best right picture. is_right [texts, images]."""
    scores = texts @ images.T
    best = np.where(is_right, scores, -np.inf).max(axis=1)
    return np.asarray((scores > best[:, None]).sum(axis=1) + 1, np.int64)


def measure_typing(encoder: BundleEncoder, stamps: list[Stamp]) -> dict[str, float]:
    """Returns the lowest cosine of a French query to itself in capitals and without accents."""
    texts = [query.french for query in load_stamp_queries(stamps)]
    texts += [product.name_fr for product in catalogue.load()]
    vectors = encoder.encode_texts(texts)
    ways = {"capitals": str.upper, "no_accents": fold_spelling}
    return {
        name: round(
            float((vectors * encoder.encode_texts(list(map(way, texts)))).sum(axis=1).min()), 4
        )
        for name, way in ways.items()
    }
