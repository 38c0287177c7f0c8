"""The pictures and captions on which an int8 tower is compared with its float32 version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model_export.errors import ExportError
from samples.catalogue import load
from shared_code.adapters.clip.bundle import ImageSpec
from shared_code.adapters.clip.preprocess import Preprocess
from shared_code.domain.errors import AppError

if TYPE_CHECKING:
    from model_export.layers import Floats, ImageTower
    from model_export.source import Preprocessing

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
MAX_PIXELS = 200_000_000
MIN_PICTURES = 20
"""Of pictures: with fewer, a top 10 says nothing."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """``captions[i]`` describes ``files[caption_pictures[i]]``; a file may have several."""

    name: str
    files: tuple[Path, ...]
    captions: tuple[str, ...]
    caption_pictures: tuple[int, ...]


def load_samples(*, french: bool = False) -> EvaluationSet:
    """Returns the sample catalogue: pictures, with names and descriptions as captions."""
    files: list[Path] = []
    captions: list[str] = []
    caption_pictures: list[int] = []
    for product in load():
        for picture in product.images:
            texts = [product.name, product.description]
            texts += [product.name_fr, product.description_fr] if french else []
            captions += texts
            caption_pictures += [len(files)] * len(texts)
            files.append(picture)
    name = f"the repository's {len(files)} sample pictures (drawings)"
    return EvaluationSet(name, tuple(files), tuple(captions), tuple(caption_pictures))


def load_folder(path: Path) -> EvaluationSet:
    """Returns every picture of a folder, with captions from its ``captions.json``.

    That file maps file names to a caption or a list of captions. Pictures without a caption count
    in everything but recall. Raises ExportError for a folder that cannot be used.
    """
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in EXTENSIONS and p.is_file())
    if len(files) < MIN_PICTURES:
        raise ExportError(
            f"--eval-images {path}: {len(files)} pictures; {MIN_PICTURES} or more are needed"
        )
    captions: list[str] = []
    caption_pictures: list[int] = []
    for name, content in _read_captions(path / "captions.json").items():
        if path / name not in files:
            raise ExportError(f"captions.json names {name!r}, which is not in {path}")
        texts = [content] if isinstance(content, str) else content
        if not _are_texts(texts):
            raise ExportError(f"captions.json: {name!r} needs a text or a list of texts")
        captions += texts
        caption_pictures += [files.index(path / name)] * len(texts)
    return EvaluationSet(
        f"{len(files)} pictures of {path.name}",
        tuple(files),
        tuple(captions),
        tuple(caption_pictures),
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(t, str) and t.strip() for t in value)


def _read_captions(file: Path) -> dict[str, str | list[str]]:
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise ExportError(f"{file.name} is not JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise ExportError(f"{file.name} must map file names to captions")
    return content


def build_image_spec(tower: ImageTower, facts: Preprocessing) -> ImageSpec:
    """Returns the settings of the app's own preprocessing for this tower."""
    return ImageSpec(
        file="image.onnx",
        input="pixel_values",
        output="image_embeds",
        size=tower.size,
        resize=facts.resize,
        interpolation=facts.interpolation,  # type: ignore[arg-type]  # checked by the loader
        mean=facts.mean,
        std=facts.std,
    )


def load_pixels(files: Sequence[Path], spec: ImageSpec) -> Floats:
    """Returns the pictures as the app preprocesses them: float32 [n, 3, height, width]."""
    preprocess = Preprocess(spec, max_pixels=MAX_PIXELS)
    prepared = []
    for file in files:
        try:
            prepared.append(preprocess(file.read_bytes()))
        except AppError as exc:
            raise ExportError(f"{file.name} cannot be used for the evaluation: {exc}") from exc
    return np.stack(prepared)
