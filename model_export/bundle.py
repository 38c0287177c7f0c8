"""Writes a complete bundle or none: first the app's own encoder has to serve it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from model_export.errors import ExportError
from model_export.evaluation import MAX_PIXELS
from model_export.graphs.image import IMAGE_EMBEDS, PIXELS
from model_export.graphs.text import IDS, MASK, TEXT_EMBEDS
from model_export.quantisation.measurements import open_session
from model_export.report import render_report
from shared_code.adapters.clip.bundle import DATA_SUFFIX, FORMAT, MANIFEST, load_bundle
from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.domain.errors import AppError

if TYPE_CHECKING:
    from model_export.export import ExportResult

IMAGE, TEXT, TOKENIZER, REPORT = "image.onnx", "text.onnx", "tokenizer.json", "report.md"
EMBEDDED_BYTES = 1024
"""Smaller weights stay in the graph file: a memory page for each would be a waste."""
LEAST_COSINE = 0.9999
"""Between the app's vectors and the exporter's: the same graph, but other batches."""


def check_output_folder(out: Path, *, force: bool) -> None:
    """Raises ExportError if ``out`` exists and ``force`` is not set, or if it cannot be written.

    Called before the export begins, which takes minutes.
    """
    if out.exists() and not force:
        raise ExportError(f"{out} exists: choose another --out, or pass --force to replace it")
    if out.exists() and not (out / MANIFEST).is_file():
        raise ExportError(f"{out} is not a model bundle, so --force does not replace it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent):
            pass
    except OSError as exc:
        raise ExportError(f"nothing can be written beside {out}: {exc.strerror}") from exc


def write_bundle(result: ExportResult, out: Path, command: str) -> dict[str, Any]:
    """Writes the bundle and returns its manifest.

    ``out`` is not touched until the bundle is complete and checked.
    """
    with replace_folder(out) as folder:
        _write_graph(result.image.model, folder / IMAGE)
        _write_graph(result.text.model, folder / TEXT)
        content = result.text_source.tokenization.content
        (folder / TOKENIZER).write_text(content, encoding="utf-8")
        manifest = _build_manifest(result, folder, command)
        manifest_json = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (folder / MANIFEST).write_text(manifest_json, encoding="utf-8")
        (folder / REPORT).write_text(render_report(manifest), encoding="utf-8")
        _check_served_vectors(result, folder)
    return manifest


def _write_graph(content: bytes, path: Path) -> None:
    """Writes the graph, with its large weights in a file beside it.

    onnxruntime maps that file into memory, but copies weights out of the graph file itself: this
    way a serving ViT-B/32 takes 50 MB less.
    """
    onnx.save(
        onnx.load_from_string(content),
        path,
        save_as_external_data=True,
        location=path.name + DATA_SUFFIX,
        size_threshold=EMBEDDED_BYTES,
    )
    (path.parent / (path.name + DATA_SUFFIX)).chmod(0o644)  # the library leaves it private


@contextmanager
def replace_folder(out: Path) -> Iterator[Path]:
    """Yields a new folder; it replaces ``out`` if the block succeeds, and is removed if not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as work:
        new, old = Path(work) / "new", Path(work) / "old"
        new.mkdir()
        yield new
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except BaseException:  # also Ctrl-C: the old bundle must not go with the work folder
            if old.exists():
                old.rename(out)
            raise


def _build_manifest(result: ExportResult, folder: Path, command: str) -> dict[str, Any]:
    image, text = result.image_source, result.text_source
    names = dict.fromkeys((image.origin.name, text.origin.name))
    precisions = dict.fromkeys((result.image.precision, result.text.precision))
    licences = dict.fromkeys((image.origin.licence, text.origin.licence))
    facts, tokens = image.preprocessing, text.tokenization
    return {
        "format": FORMAT,
        "name": " + ".join(names),
        "family": " + ".join(dict.fromkeys((image.origin.family, text.origin.family))),
        "precision": " + ".join(precisions),
        "dimension": image.tower.dimension,
        "random_weights": image.origin.random or text.origin.random,
        "image": {
            "file": IMAGE,
            "input": PIXELS,
            "output": IMAGE_EMBEDS,
            "size": list(image.tower.size),
            "resize": facts.resize,
            "interpolation": facts.interpolation,
            "mean": list(facts.mean),
            "std": list(facts.std),
        },
        "text": {
            "file": TEXT,
            "inputs": {"ids": IDS, "mask": MASK if text.tower.masked else None},
            "output": TEXT_EMBEDS,
            "tokenizer": TOKENIZER,
            "max_tokens": tokens.max_tokens,
            "pad_id": tokens.pad_id,
            "pad_to": tokens.pad_to,
            "unk_id": tokens.unk_id,
            "lowercase": tokens.lowercase,
        },
        "scores": dict(result.scores),
        "files": {path.name: _describe_file(path) for path in sorted(folder.iterdir())},
        "licence": " and ".join(licences),
        "source": {
            "image": {"model": image.origin.name, "revision": image.origin.revision},
            "text": {"model": text.origin.name, "revision": text.origin.revision},
            "command": command,
        },
        "report": {
            "evaluation_set": result.evaluation.name,
            "captions": len(result.evaluation.captions),
            "gate": {
                "mean_cosine": result.gate.mean_cosine,
                "overlap": result.gate.overlap,
            },
            "difference_from_torch": dict(result.difference),
            "towers": {
                name: {
                    "chosen": choice.chosen,
                    "trials": [trial.as_json() for trial in choice.trials],
                }
                for name, choice in (("image", result.image), ("text", result.text))
            },
        },
    }


def _describe_file(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}


def _check_served_vectors(result: ExportResult, folder: Path) -> None:
    """Raises ExportError unless the app's encoder gives the exporter's vectors with these files."""
    picture = result.evaluation.files[0].read_bytes()
    caption = (result.evaluation.captions or ("red dress",))[0]
    try:
        encoder = ClipEncoder(load_bundle(folder), max_pixels=MAX_PIXELS, threads=2)
        pixels = encoder.decode(picture)
        [image] = encoder.encode_images([pixels])
        [text] = encoder.encode_texts([caption])
    except AppError as exc:
        raise ExportError(f"the app cannot serve the new bundle: {exc}") from exc
    [feeds] = result.text_source.make_feeds([caption])
    expected_image = open_session(result.image.model).run(None, {PIXELS: pixels[None]})[0][0]
    expected_text = open_session(result.text.model).run(None, feeds)[0][0]
    cosines = [float(np.dot(image, expected_image))]
    if text.windows == 1:  # a longer text: the app embeds the rest of it as well
        cosines.append(float(np.dot(text.vector, expected_text)))
    if min(cosines) < LEAST_COSINE:
        raise ExportError(
            f"the app's vectors have a cosine of only {min(cosines):.4f} with the exporter's"
        )
