"""The pictures and captions on which an int8 tower is judged against its float32 self."""

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
FEWEST = 20
"""Pictures: a top-10 of fewer says nothing."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """``captions[i]`` describes the picture ``shown[i]``; several may describe one."""

    name: str
    files: tuple[Path, ...]
    captions: tuple[str, ...]
    shown: tuple[int, ...]


def samples(*, french: bool = False) -> EvaluationSet:
    """The sample catalogue: each picture with its product's name and description."""
    files: list[Path] = []
    captions: list[str] = []
    shown: list[int] = []
    for product in load():
        for picture in product.images:
            said = [product.name, product.description]
            said += [product.name_fr, product.description_fr] if french else []
            captions += said
            shown += [len(files)] * len(said)
            files.append(picture)
    name = f"the repository's {len(files)} sample pictures (drawings)"
    return EvaluationSet(name, tuple(files), tuple(captions), tuple(shown))


def folder(path: Path) -> EvaluationSet:
    """Every picture of a folder; captions from ``captions.json`` in it.

    That file maps file names to a caption or a list of captions. Pictures without one count in
    all but the retrieval figures. Raises ExportError for a folder that cannot be used.
    """
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in EXTENSIONS and p.is_file())
    if len(files) < FEWEST:
        raise ExportError(
            f"--eval-images {path}: {len(files)} pictures; {FEWEST} or more are needed"
        )
    captions: list[str] = []
    shown: list[int] = []
    for name, said in _captions(path / "captions.json").items():
        if path / name not in files:
            raise ExportError(f"captions.json names {name!r}, which is not in {path}")
        texts = [said] if isinstance(said, str) else said
        if not _are_texts(texts):
            raise ExportError(f"captions.json: {name!r} needs a text or a list of texts")
        captions += texts
        shown += [files.index(path / name)] * len(texts)
    return EvaluationSet(
        f"{len(files)} pictures of {path.name}", tuple(files), tuple(captions), tuple(shown)
    )


def _are_texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(t, str) and t.strip() for t in found)


def _captions(file: Path) -> dict[str, str | list[str]]:
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise ExportError(f"{file.name} is no JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise ExportError(f"{file.name} must map file names to captions")
    return content


def image_spec(tower: ImageTower, facts: Preprocessing) -> ImageSpec:
    """What the app's own preprocessing needs to know."""
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


def pixels(files: Sequence[Path], spec: ImageSpec) -> Floats:
    """As the app prepares them: float32 [n, 3, height, width]."""
    preprocess = Preprocess(spec, max_pixels=MAX_PIXELS)
    prepared = []
    for file in files:
        try:
            prepared.append(preprocess(file.read_bytes()))
        except AppError as exc:
            raise ExportError(f"{file.name} cannot be used for the evaluation: {exc}") from exc
    return np.stack(prepared)
