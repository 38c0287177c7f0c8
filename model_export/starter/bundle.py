"""Writes the bundle: graphs, tokenizer and the manifest, the contract with the app's encoder."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from model_export.starter import sources
from model_export.starter.image.pictures import CLIP_MEAN, CLIP_STD, SIZE, WHITE
from model_export.starter.layout import DIMENSION
from model_export.starter.manifest_file import write_manifest

MAX_TOKENS = 64  # a query is a phrase; the bag would take more
# Median cosines of this recipe; `evaluate --record` replaces them with those of the bundle at hand.
EXPECTED_SCORES = {
    "unrelated": 0.009,
    "match": 0.234,
    "unrelated_texts": 0.054,
    "unrelated_images": 0.148,
}
LICENCE = "Apache-2.0 AND MIT (see NOTICE)"


@dataclass(frozen=True, slots=True)
class BundleParts:
    image: onnx.ModelProto
    text: onnx.ModelProto
    tokenizer: dict[str, Any]


def write_bundle(parts: BundleParts, out: Path) -> None:
    """Writes beside `out` and renames, so that a reader never sees half a bundle."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = out.with_name(f".{out.name}.new"), out.with_name(f".{out.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir()
    onnx.save(parts.image, fresh / "image.onnx")
    onnx.save(parts.text, fresh / "text.onnx")
    tokenizer = json.dumps(parts.tokenizer, ensure_ascii=False, separators=(",", ":"))
    (fresh / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    write_manifest(fresh, build_manifest(parts, fresh))
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def build_manifest(parts: BundleParts, folder: Path) -> dict[str, Any]:
    """Returns the manifest, which describes the files already written to `folder`."""
    return {
        "format": 1,
        "name": "starter",
        "family": "starter",
        "precision": "int8",
        "dimension": DIMENSION,
        "languages": ["en", "fr"],
        "random_weights": False,
        "image": _describe_image_tower(parts.image),
        "text": _describe_text_tower(parts.text, parts.tokenizer["model"]["vocab"]),
        "scores": EXPECTED_SCORES,
        "files": {path.name: _describe_file(path) for path in sorted(folder.iterdir())},
        "licence": LICENCE,
        "source": sources.describe_sources(),
        "report": {},
    }


def _describe_image_tower(graph: onnx.ModelProto) -> dict[str, Any]:
    return {
        "file": "image.onnx",
        "input": graph.graph.input[0].name,
        "output": graph.graph.output[0].name,
        "size": [SIZE, SIZE],
        "resize": "pad",
        "interpolation": "bicubic",
        "pad_color": list(WHITE),
        "mean": list(CLIP_MEAN),
        "std": list(CLIP_STD),
    }


def _describe_text_tower(graph: onnx.ModelProto, vocabulary: dict[str, int]) -> dict[str, Any]:
    ids, mask = (value.name for value in graph.graph.input)
    return {
        "file": "text.onnx",
        "inputs": {"ids": ids, "mask": mask},
        "output": graph.graph.output[0].name,
        "tokenizer": "tokenizer.json",
        "max_tokens": MAX_TOKENS,
        "pad_id": vocabulary["[PAD]"],
        "pad_to": None,
        "unk_id": vocabulary["[UNK]"],
        "lowercase": False,  # the tokenizer's own normaliser does it
    }


def _describe_file(path: Path) -> dict[str, Any]:
    return {"sha256": sources.compute_sha256(path), "bytes": path.stat().st_size}
