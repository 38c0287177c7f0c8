"""The export: float32 graphs of both towers, equal to torch; then int8 if it passes the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from model_export import parity
from model_export.errors import ExportError
from model_export.evaluation import EvaluationSet, build_image_spec, load_pixels, load_samples
from model_export.graphs.emit import emit
from model_export.quantisation.gate import Choice, Judge, QualityGate, choose_recipe
from model_export.quantisation.measurements import embed_items, measure_recall, open_session
from model_export.recipes import FLOAT, HALF, RECIPES, Precision, Recipe
from shared_code.adapters.clip.encoder import IMAGE_BATCH, TEXT_BATCH

if TYPE_CHECKING:
    from model_export.layers import Floats
    from model_export.source import Feeds, ImageSource, TextSource


@dataclass(frozen=True, slots=True)
class ExportPlan:
    precision: Precision = "int8"
    gate: QualityGate = field(default_factory=QualityGate)
    recipes: Sequence[Recipe] = RECIPES
    evaluation: EvaluationSet = field(default_factory=load_samples)
    progress: Callable[[str, Sequence[Recipe]], Iterable[Recipe]] = lambda _, recipes: recipes
    log: Callable[[str], None] = print


@dataclass(frozen=True, slots=True, eq=False)
class ExportResult:
    image_source: ImageSource
    text_source: TextSource
    image: Choice
    text: Choice
    evaluation: EvaluationSet
    gate: QualityGate
    difference: Mapping[str, float]
    """Tower -> the largest difference between its float32 graph and torch, in any component."""
    scores: Mapping[str, float]
    """Mean cosines of the chosen towers, for the manifest: see ``_measure_scores``."""


def export(image: ImageSource, text: TextSource, plan: ExportPlan) -> ExportResult:
    """Raises ExportError if the towers have different dimensions, or differ from torch."""
    if image.tower.dimension != text.tower.dimension:
        raise ExportError(
            f"the picture tower gives {image.tower.dimension} dimensions, the text tower "
            f"{text.tower.dimension}: they do not share one space. Choose a text model made for "
            f"{image.origin.name}"
        )
    evaluation = plan.evaluation
    plan.log(f"Reading {evaluation.name}")
    spec = build_image_spec(image.tower, image.preprocessing)
    pictures = [{"pixel_values": picture[None]} for picture in load_pixels(evaluation.files, spec)]
    captions = evaluation.captions or tuple(path.stem for path in evaluation.files)
    texts = text.make_feeds(captions)
    plan.log("Comparing the float32 graphs with transformers")
    image_floats, text_floats = open_session(emit(image.tower)), open_session(emit(text.tower))
    difference = {
        "image": parity.measure_difference("image", image_floats, image.embed_with_torch, pictures),
        "text": parity.measure_difference("text", text_floats, text.embed_with_torch, texts),
    }
    image_vectors = embed_items(image_floats, pictures)
    text_vectors = embed_items(text_floats, texts)
    del image_floats, text_floats  # frees a gigabyte before the recipes are tried
    recipes = {"int8": plan.recipes, "fp16": (HALF,), "fp32": ()}[plan.precision]
    picture_batches = [
        {"pixel_values": np.concatenate([p["pixel_values"] for p in pictures[i : i + IMAGE_BATCH]])}
        for i in range(0, len(pictures), IMAGE_BATCH)
    ]
    text_batches = text.make_feeds(captions, batch=TEXT_BATCH)
    judges = _make_judges(
        (pictures, picture_batches, image_vectors),
        (texts, text_batches, text_vectors),
        evaluation,
    )
    image_choice, text_choice = (
        choose_recipe(
            source.tower,
            judges[name],
            gate=plan.gate,
            recipes=recipes,
            progress=partial(plan.progress, name),
        )
        for name, source in (("image", image), ("text", text))
    )
    return ExportResult(
        image_source=image,
        text_source=text,
        image=image_choice,
        text=text_choice,
        evaluation=evaluation,
        gate=plan.gate,
        difference=difference,
        scores=_measure_scores(
            embed_items(open_session(image_choice.model), pictures),
            embed_items(open_session(text_choice.model), texts),
            evaluation.caption_pictures,
        ),
    )


def _make_judges(
    images: tuple[Sequence[Feeds], Sequence[Feeds], Floats],
    texts: tuple[Sequence[Feeds], Sequence[Feeds], Floats],
    evaluation: EvaluationSet,
) -> dict[str, Judge]:
    """Returns the judge of each tower: pictures are ranked among pictures, and for texts."""
    caption_pictures = evaluation.caption_pictures

    def recall(text_vectors: Floats, image_vectors: Floats) -> Mapping[str, float]:
        return (
            measure_recall(text_vectors, image_vectors, caption_pictures)
            if caption_pictures
            else {}
        )

    return {
        "image": Judge(*images, None, lambda vectors: recall(texts[2], vectors)),
        "text": Judge(*texts, images[2], lambda vectors: recall(vectors, images[2])),
    }


def _measure_scores(
    images: Floats, texts: Floats, caption_pictures: Sequence[int]
) -> dict[str, float]:
    if not caption_pictures:
        return {}
    cosines = texts @ images.T
    own = np.zeros(cosines.shape, bool)
    own[np.arange(len(texts)), list(caption_pictures)] = True
    pictures = np.asarray(caption_pictures)
    others = pictures[:, None] != pictures
    return {
        "unrelated": round(float(cosines[~own].mean()), 3),
        "match": round(float(cosines[own].mean()), 3),
        "unrelated_texts": _average_or_zero((texts @ texts.T)[others]),
        "unrelated_images": _average_or_zero((images @ images.T)[~np.eye(len(images), dtype=bool)]),
    }


def _average_or_zero(cosines: Floats) -> float:
    """Returns 0 for no cosines: a single picture has no other to compare with."""
    return round(float(cosines.mean()), 3) if cosines.size else 0.0


def find_float_towers(result: ExportResult, plan: ExportPlan) -> list[str]:
    """Returns the towers that stayed float32 although the plan wants a smaller precision."""
    choices: dict[str, Any] = {"image": result.image, "text": result.text}
    if plan.precision == "fp32":
        return []
    return [name for name, choice in choices.items() if choice.chosen == FLOAT.name]
