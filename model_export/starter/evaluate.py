"""Measures a bundle on Tux Paint's stamps.

    apt-get install tuxpaint-stamps-default
    python -m model_export.starter.evaluate --stamps /usr/share/tuxpaint/stamps \
        [--bundle models/starter] [--float32 build/starter] [--former build/former]
        [--out FILE.md] [--record]

`--former` is an earlier bundle: the page then shows what French gained and English lost since.
`--record` writes the figures and the score medians into the bundle's manifest, and nothing else.
"""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from model_export.starter.arrays import Floats
from model_export.starter.evaluation import retrieval
from model_export.starter.evaluation.bundle_encoder import BundleEncoder
from model_export.starter.evaluation.categories import measure_category_precision
from model_export.starter.evaluation.colour_check import make_tinted_pictures
from model_export.starter.evaluation.french.measures import measure_french
from model_export.starter.evaluation.report import render_page
from model_export.starter.evaluation.stamps import Stamp, find_stamps
from model_export.starter.manifest_file import write_manifest

EVAL_SET = "tuxpaint-stamps-default 2022.06.04-1 (Debian; GPL-2, evaluation only)"
SUBSETS: dict[str, tuple[Callable[[Stamp], bool], Callable[[Stamp], bool]]] = {
    # name: which pictures are searched, which of their captions are queries
    "objects": (lambda stamp: stamp.is_object, lambda _: True),
    "objects, test half": (lambda stamp: stamp.is_object, lambda stamp: stamp.is_test),
    "objects, photos": (lambda stamp: stamp.is_object and not stamp.is_drawing, lambda _: True),
    "objects, drawings": (lambda stamp: stamp.is_object and stamp.is_drawing, lambda _: True),
    "all": (lambda _: True, lambda _: True),
}
TIMED = 100  # pictures and queries
Subject = TypeVar("Subject")


def main() -> None:
    options = parse_options()
    encoder = BundleEncoder(options.bundle)
    stamps = list(find_stamps(options.stamps))
    print(f"{len(stamps)} stamps")
    vectors = encode(encoder, stamps)
    report = measure(encoder, stamps, vectors)
    report["french"] = measure_french(encoder, stamps, vectors.images)
    if options.former:
        report["former"] = measure_former(BundleEncoder(options.former), stamps)
    if options.float32:
        reference = BundleEncoder(options.bundle, graphs=options.float32)
        report["int8_vs_float32"] = compare(vectors, encode(reference, stamps))
    table = render_page(report, format_command())
    print(table)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(table, encoding="utf-8")
    if options.record:
        scores = report["scores"]
        write_manifest(options.bundle, {**encoder.manifest, "scores": scores, "report": report})


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m model_export.starter.evaluate")
    parser.add_argument(
        "--stamps", type=Path, required=True, help="e.g. /usr/share/tuxpaint/stamps"
    )
    parser.add_argument("--bundle", type=Path, default=Path("models/starter"))
    parser.add_argument("--former", type=Path, help="another bundle, to compare with")
    parser.add_argument("--float32", type=Path, help="the build's --work folder, to compare with")
    parser.add_argument("--out", type=Path, help="write the table there too")
    parser.add_argument("--record", action="store_true", help="write the figures into the manifest")
    return parser.parse_args()


def format_command() -> str:
    return shlex.join(["python", "-m", "model_export.starter.evaluate", *sys.argv[1:]])


@dataclasses.dataclass(frozen=True, slots=True)
class StampVectors:
    """Row i belongs to stamp i: [n, 512] each."""

    images: Floats
    texts: Floats

    def select_rows(self, chosen: list[int]) -> StampVectors:
        return StampVectors(self.images[chosen], self.texts[chosen])


def encode(encoder: BundleEncoder, stamps: list[Stamp]) -> StampVectors:
    images = encoder.encode_images(stamp.open() for stamp in stamps)
    return StampVectors(images, encoder.encode_texts([stamp.query for stamp in stamps]))


def measure(encoder: BundleEncoder, stamps: list[Stamp], vectors: StampVectors) -> dict[str, Any]:
    """Returns every figure, as plain JSON values."""
    chosen = [row for row, stamp in enumerate(stamps) if stamp.is_object]
    objects, object_vectors = [stamps[row] for row in chosen], vectors.select_rows(chosen)
    keys = [stamp.key for stamp in objects]
    percent, twins = retrieval.measure_neighbours(object_vectors.images, keys)
    return {
        "eval_set": EVAL_SET,
        **measure_recalls(encoder, stamps, vectors),
        "category_precision_at_10": measure_category_precision(
            encoder, objects, object_vectors.images
        ),
        "nearest_picture_same_caption": {"percent": percent, "pictures": twins},
        "scores": retrieval.compute_median_scores(
            object_vectors.texts, object_vectors.images, keys
        ),
        "milliseconds": measure_times(encoder, objects),
    }


def measure_former(encoder: BundleEncoder, stamps: list[Stamp]) -> dict[str, Any]:
    """Returns those figures of an earlier bundle that this one should reach."""
    vectors = encode(encoder, stamps)
    return {
        "text_sha256": encoder.manifest["files"]["text.onnx"]["sha256"],
        **measure_recalls(encoder, stamps, vectors),
        "french": measure_french(encoder, stamps, vectors.images),
    }


def measure_recalls(
    encoder: BundleEncoder, stamps: list[Stamp], vectors: StampVectors
) -> dict[str, Any]:
    return {
        "retrieval": {
            name: dataclasses.asdict(measure_subset(stamps, vectors, *rules))
            for name, rules in SUBSETS.items()
        },
        "colour": dataclasses.asdict(measure_colour(encoder, stamps)),
    }


def measure_subset(
    stamps: list[Stamp],
    vectors: StampVectors,
    is_searched: Callable[[Stamp], bool],
    is_query: Callable[[Stamp], bool],
) -> retrieval.Recall:
    rows = [row for row, stamp in enumerate(stamps) if is_searched(stamp)]
    part, keys = vectors.select_rows(rows), [stamps[row].key for row in rows]
    query_keys = {stamps[row].key for row in rows if is_query(stamps[row])}
    ranks = retrieval.rank_by_key(part.texts, part.images, keys)
    return retrieval.compute_recall(
        np.array([rank for key, rank in ranks.items() if key in query_keys]), len(rows)
    )


def measure_colour(encoder: BundleEncoder, stamps: list[Stamp]) -> retrieval.Recall:
    """ "{colour} {object}" among all tints of all objects; only the exact one is right."""
    tints = make_tinted_pictures(stamps)
    images = encoder.encode_images(tint.picture for tint in tints)
    ranks = retrieval.rank_pairs(encoder.encode_texts([tint.query for tint in tints]), images)
    return retrieval.compute_recall(ranks, len(tints))


def compare(vectors: StampVectors, reference: StampVectors) -> dict[str, float]:
    images = (vectors.images * reference.images).sum(axis=1)
    texts = (vectors.texts * reference.texts).sum(axis=1)
    return {
        "image_cosine_mean": round(float(images.mean()), 4),
        "image_cosine_min": round(float(images.min()), 4),
        "text_cosine_mean": round(float(texts.mean()), 4),
        "text_cosine_min": round(float(texts.min()), 4),
    }


def measure_times(encoder: BundleEncoder, stamps: list[Stamp]) -> dict[str, float]:
    """Returns the median times of one picture and one query, with preprocessing and tokenising."""
    step = max(1, len(stamps) // TIMED)  # spread over the set: large pictures take longer to scale
    pictures = [stamp.open().copy() for stamp in stamps[::step]]
    return {
        "image": measure_median_milliseconds(
            lambda picture: encoder.encode_images([picture]), pictures
        ),
        "query": measure_median_milliseconds(
            lambda stamp: encoder.encode_texts([stamp.query]), stamps[::step]
        ),
    }


def measure_median_milliseconds(
    action: Callable[[Subject], object], subjects: list[Subject]
) -> float:
    durations = []
    for subject in subjects:
        start = time.perf_counter()
        action(subject)
        durations.append(time.perf_counter() - start)
    return round(1000 * float(np.median(durations)), 2)


if __name__ == "__main__":
    main()
