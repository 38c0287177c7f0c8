"""Measures a bundle on Tux Paint's stamps.

    apt-get install tuxpaint-stamps-default
    python -m model_export.starter.evaluate --stamps /usr/share/tuxpaint/stamps \
        [--bundle models/starter] [--float32 build/starter] [--former build/former]
        [--out FILE.md] [--record]

`--former` is another bundle: the page then says what French gained and English lost since.
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
from model_export.starter.evaluation.categories import category_precision
from model_export.starter.evaluation.colour_test import tinted_pictures
from model_export.starter.evaluation.french.measures import french_report
from model_export.starter.evaluation.report import as_markdown
from model_export.starter.evaluation.stamps import Stamp, find_stamps
from model_export.starter.manifest_file import write_manifest

EVAL_SET = "tuxpaint-stamps-default 2022.06.04-1 (Debian; GPL-2, evaluation only)"
SUBSETS: dict[str, tuple[Callable[[Stamp], bool], Callable[[Stamp], bool]]] = {
    # name: which pictures are searched, which of their captions are asked
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
    report["french"] = french_report(encoder, stamps, vectors.images)
    if options.former:
        report["former"] = former_report(BundleEncoder(options.former), stamps)
    if options.float32:
        reference = BundleEncoder(options.bundle, graphs=options.float32)
        report["int8_vs_float32"] = compare(vectors, encode(reference, stamps))
    table = as_markdown(report, command_line())
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


def command_line() -> str:
    return shlex.join(["python", "-m", "model_export.starter.evaluate", *sys.argv[1:]])


@dataclasses.dataclass(frozen=True, slots=True)
class StampVectors:
    """Row i belongs to stamp i: [n, 512] each."""

    images: Floats
    texts: Floats

    def rows(self, chosen: list[int]) -> StampVectors:
        return StampVectors(self.images[chosen], self.texts[chosen])


def encode(encoder: BundleEncoder, stamps: list[Stamp]) -> StampVectors:
    images = encoder.images(stamp.open() for stamp in stamps)
    return StampVectors(images, encoder.texts([stamp.query for stamp in stamps]))


def measure(encoder: BundleEncoder, stamps: list[Stamp], vectors: StampVectors) -> dict[str, Any]:
    """Every figure, as plain JSON values."""
    chosen = [row for row, stamp in enumerate(stamps) if stamp.is_object]
    objects, object_vectors = [stamps[row] for row in chosen], vectors.rows(chosen)
    keys = [stamp.key for stamp in objects]
    found, twins = retrieval.same_key_neighbours(object_vectors.images, keys)
    return {
        "eval_set": EVAL_SET,
        **recalls(encoder, stamps, vectors),
        "category_precision_at_10": category_precision(encoder, objects, object_vectors.images),
        "nearest_picture_same_caption": {"percent": found, "pictures": twins},
        "scores": retrieval.median_scores(object_vectors.texts, object_vectors.images, keys),
        "milliseconds": timings(encoder, objects),
    }


def former_report(encoder: BundleEncoder, stamps: list[Stamp]) -> dict[str, Any]:
    """The figures of another bundle that this one must not lose."""
    vectors = encode(encoder, stamps)
    return {
        "text_sha256": encoder.manifest["files"]["text.onnx"]["sha256"],
        **recalls(encoder, stamps, vectors),
        "french": french_report(encoder, stamps, vectors.images),
    }


def recalls(encoder: BundleEncoder, stamps: list[Stamp], vectors: StampVectors) -> dict[str, Any]:
    return {
        "retrieval": {
            name: dataclasses.asdict(subset_recall(stamps, vectors, *rules))
            for name, rules in SUBSETS.items()
        },
        "colour": dataclasses.asdict(colour_recall(encoder, stamps)),
    }


def subset_recall(
    stamps: list[Stamp],
    vectors: StampVectors,
    is_searched: Callable[[Stamp], bool],
    is_asked: Callable[[Stamp], bool],
) -> retrieval.Recall:
    rows = [row for row, stamp in enumerate(stamps) if is_searched(stamp)]
    part, keys = vectors.rows(rows), [stamps[row].key for row in rows]
    asked = {stamps[row].key for row in rows if is_asked(stamps[row])}
    ranks = retrieval.ranks_by_key(part.texts, part.images, keys)
    return retrieval.recall(
        np.array([rank for key, rank in ranks.items() if key in asked]), len(rows)
    )


def colour_recall(encoder: BundleEncoder, stamps: list[Stamp]) -> retrieval.Recall:
    """ "{colour} {object}" among all tints of all objects; only the exact one is right."""
    tints = tinted_pictures(stamps)
    images = encoder.images(tint.picture for tint in tints)
    ranks = retrieval.paired_ranks(encoder.texts([tint.query for tint in tints]), images)
    return retrieval.recall(ranks, len(tints))


def compare(vectors: StampVectors, reference: StampVectors) -> dict[str, float]:
    images = (vectors.images * reference.images).sum(axis=1)
    texts = (vectors.texts * reference.texts).sum(axis=1)
    return {
        "image_cosine_mean": round(float(images.mean()), 4),
        "image_cosine_min": round(float(images.min()), 4),
        "text_cosine_mean": round(float(texts.mean()), 4),
        "text_cosine_min": round(float(texts.min()), 4),
    }


def timings(encoder: BundleEncoder, stamps: list[Stamp]) -> dict[str, float]:
    """Medians of one picture and one query at a time, preprocessing and tokenising included."""
    step = max(1, len(stamps) // TIMED)  # spread over the set: large pictures take longer to scale
    pictures = [stamp.open().copy() for stamp in stamps[::step]]
    return {
        "image": median_milliseconds(lambda picture: encoder.images([picture]), pictures),
        "query": median_milliseconds(lambda stamp: encoder.texts([stamp.query]), stamps[::step]),
    }


def median_milliseconds(action: Callable[[Subject], object], subjects: list[Subject]) -> float:
    durations = []
    for subject in subjects:
        start = time.perf_counter()
        action(subject)
        durations.append(time.perf_counter() - start)
    return round(1000 * float(np.median(durations)), 2)


if __name__ == "__main__":
    main()
