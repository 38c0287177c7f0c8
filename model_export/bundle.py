"""Writes a bundle whole or not at all, and has the app's own encoder read it back first."""

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
from model_export.layers import dimension
from model_export.quantisation.measurements import session
from model_export.report import as_markdown
from shared_code.adapters.clip.bundle import DATA_SUFFIX, FORMAT, MANIFEST, load_bundle
from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.domain.errors import AppError

if TYPE_CHECKING:
    from model_export.export import Exported

IMAGE, TEXT, TOKENIZER, REPORT = "image.onnx", "text.onnx", "tokenizer.json", "report.md"
EMBEDDED_BYTES = 1024
"""Smaller weights stay in the graph, where a page of memory for each would be waste."""
AGREES = 0.9999
"""Cosine of the app's vectors with the exporter's: the same graph, other batches."""


def check_out_folder(out: Path, *, force: bool) -> None:
    """Before the work: raises ExportError where a bundle would be overwritten unasked."""
    if out.exists() and not force:
        raise ExportError(f"{out} exists: choose another --out, or say --force to replace it")
    if out.exists() and not (out / MANIFEST).is_file():
        raise ExportError(f"{out} is no model bundle, so --force does not replace it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent):
            pass
    except OSError as exc:
        raise ExportError(f"nothing can be written beside {out}: {exc.strerror}") from exc


def write_bundle(exported: Exported, out: Path, command: str) -> dict[str, Any]:
    """Returns the manifest. Until the bundle is complete and checked, ``out`` is untouched."""
    with replacing(out) as folder:
        _write_graph(exported.image.model, folder / IMAGE)
        _write_graph(exported.text.model, folder / TEXT)
        content = exported.text_source.tokenization.content
        (folder / TOKENIZER).write_text(content, encoding="utf-8")
        manifest = _manifest(exported, folder, command)
        written = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (folder / MANIFEST).write_text(written, encoding="utf-8")
        (folder / REPORT).write_text(as_markdown(manifest), encoding="utf-8")
        _verify(exported, folder)
    return manifest


def _write_graph(content: bytes, path: Path) -> None:
    """Large weights go into a file beside the graph: onnxruntime maps it into memory, where it
    would copy them out of the graph's own file (50 MB less of a serving ViT-B/32)."""
    onnx.save(
        onnx.load_from_string(content),
        path,
        save_as_external_data=True,
        location=path.name + DATA_SUFFIX,
        size_threshold=EMBEDDED_BYTES,
    )
    (path.parent / (path.name + DATA_SUFFIX)).chmod(0o644)  # the library leaves it private


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that takes its place at the end, or is gone."""
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


def _manifest(exported: Exported, folder: Path, command: str) -> dict[str, Any]:
    image, text = exported.image_source, exported.text_source
    names = dict.fromkeys((image.origin.name, text.origin.name))
    precisions = dict.fromkeys((exported.image.precision, exported.text.precision))
    licences = dict.fromkeys((image.origin.licence, text.origin.licence))
    facts, tokens = image.preprocessing, text.tokenization
    return {
        "format": FORMAT,
        "name": " + ".join(names),
        "family": " + ".join(dict.fromkeys((image.origin.family, text.origin.family))),
        "precision": " + ".join(precisions),
        "dimension": dimension(image.tower),
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
        "scores": dict(exported.scores),
        "files": {path.name: _file_facts(path) for path in sorted(folder.iterdir())},
        "licence": " and ".join(licences),
        "source": {
            "image": {"model": image.origin.name, "revision": image.origin.revision},
            "text": {"model": text.origin.name, "revision": text.origin.revision},
            "command": command,
        },
        "report": {
            "evaluation_set": exported.evaluation.name,
            "captions": len(exported.evaluation.captions),
            "gate": {
                "mean_cosine": exported.gate.mean_cosine,
                "overlap": exported.gate.overlap,
            },
            "difference_from_torch": dict(exported.difference),
            "towers": {
                name: {
                    "chosen": choice.chosen,
                    "trials": [trial.as_json() for trial in choice.trials],
                }
                for name, choice in (("image", exported.image), ("text", exported.text))
            },
        },
    }


def _file_facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}


def _verify(exported: Exported, folder: Path) -> None:
    """The app's encoder, on the written files, gives the vectors that were judged."""
    picture = exported.evaluation.files[0].read_bytes()
    caption = (exported.evaluation.captions or ("red dress",))[0]
    try:
        encoder = ClipEncoder(load_bundle(folder), max_pixels=MAX_PIXELS, threads=2)
        pixels = encoder.decode(picture)
        [image] = encoder.encode_images([pixels])
        [text] = encoder.encode_texts([caption])
    except AppError as exc:
        raise ExportError(f"the app cannot serve the bundle that was made: {exc}") from exc
    [feeds] = exported.text_source.feeds([caption])
    judged_image = session(exported.image.model).run(None, {PIXELS: pixels[None]})[0][0]
    judged_text = session(exported.text.model).run(None, feeds)[0][0]
    agreement = [float(np.dot(image, judged_image))]
    if text.windows == 1:  # else the app embeds the rest of it too
        agreement.append(float(np.dot(text.vector, judged_text)))
    if min(agreement) < AGREES:
        raise ExportError(f"the app's vectors have cosine {min(agreement):.4f} with the export's")
