"""The export itself: two sources -> graphs held to torch -> int8 within a gate -> a bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from model_export import parity
from model_export.errors import ExportError
from model_export.evaluation import EvaluationSet, image_spec, pixels, samples
from model_export.graphs.emit import emit
from model_export.layers import dimension
from model_export.quantisation.gate import Choice, Gate, Judge, choose
from model_export.quantisation.measurements import recall, session, vectors
from model_export.recipes import FLOAT, HALF, RECIPES, Precision, Recipe
from shared_code.adapters.clip.encoder import IMAGE_BATCH, TEXT_BATCH

if TYPE_CHECKING:
    from model_export.layers import Floats
    from model_export.source import Feeds, ImageSource, TextSource


@dataclass(frozen=True, slots=True)
class Plan:
    precision: Precision = "int8"
    gate: Gate = field(default_factory=Gate)
    recipes: Sequence[Recipe] = RECIPES
    evaluation: EvaluationSet = field(default_factory=samples)
    progress: Callable[[str, Sequence[Recipe]], Iterable[Recipe]] = lambda _, recipes: recipes
    say: Callable[[str], None] = print


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    image_source: ImageSource
    text_source: TextSource
    image: Choice
    text: Choice
    evaluation: EvaluationSet
    gate: Gate
    difference: Mapping[str, float]
    """Of each float32 graph from torch: the largest of any component."""
    scores: Mapping[str, float]
    """Mean cosine of captions with their pictures, and with all others, in the chosen towers."""


def export(image: ImageSource, text: TextSource, plan: Plan) -> Exported:
    """Raises ExportError when the towers do not fit together or differ from torch."""
    if dimension(image.tower) != dimension(text.tower):
        raise ExportError(
            f"the picture tower gives {dimension(image.tower)} dimensions, the text tower "
            f"{dimension(text.tower)}: they are not of one space. Choose a text model made for "
            f"{image.origin.name}"
        )
    evaluation = plan.evaluation
    plan.say(f"Reading {evaluation.name}")
    spec = image_spec(image.tower, image.preprocessing)
    pictures = [{"pixel_values": one[None]} for one in pixels(evaluation.files, spec)]
    captions = evaluation.captions or tuple(path.stem for path in evaluation.files)
    texts = text.feeds(captions)
    plan.say("Comparing the float32 graphs with transformers")
    image_floats, text_floats = session(emit(image.tower)), session(emit(text.tower))
    difference = {
        "image": parity.difference("image", image_floats, image.torch_vectors, pictures),
        "text": parity.difference("text", text_floats, text.torch_vectors, texts),
    }
    image_vectors = vectors(image_floats, pictures)
    text_vectors = vectors(text_floats, texts)
    del image_floats, text_floats  # a gigabyte, while the recipes are tried
    recipes = {"int8": plan.recipes, "fp16": (HALF,), "fp32": ()}[plan.precision]
    picture_batches = [
        {"pixel_values": np.concatenate([p["pixel_values"] for p in pictures[i : i + IMAGE_BATCH]])}
        for i in range(0, len(pictures), IMAGE_BATCH)
    ]
    text_batches = text.feeds(captions, batch=TEXT_BATCH)
    judges = _judges(
        (pictures, picture_batches, image_vectors),
        (texts, text_batches, text_vectors),
        evaluation,
    )
    image_choice, text_choice = (
        choose(
            source.tower,
            judges[name],
            gate=plan.gate,
            recipes=recipes,
            progress=partial(plan.progress, name),
        )
        for name, source in (("image", image), ("text", text))
    )
    return Exported(
        image_source=image,
        text_source=text,
        image=image_choice,
        text=text_choice,
        evaluation=evaluation,
        gate=plan.gate,
        difference=difference,
        scores=_scores(
            vectors(session(image_choice.model), pictures),
            vectors(session(text_choice.model), texts),
            evaluation.shown,
        ),
    )


def _judges(
    images: tuple[Sequence[Feeds], Sequence[Feeds], Floats],
    texts: tuple[Sequence[Feeds], Sequence[Feeds], Floats],
    evaluation: EvaluationSet,
) -> dict[str, Judge]:
    """A picture is judged among pictures, a text by the pictures that it finds."""
    shown = evaluation.shown

    def recall_of(text_vectors: Floats, image_vectors: Floats) -> Mapping[str, float]:
        return recall(text_vectors, image_vectors, shown) if shown else {}

    return {
        "image": Judge(*images, None, lambda found: recall_of(texts[2], found)),
        "text": Judge(*texts, images[2], lambda found: recall_of(found, images[2])),
    }


def _scores(images: Floats, texts: Floats, shown: Sequence[int]) -> dict[str, float]:
    if not shown:
        return {}
    cosines = texts @ images.T
    own = np.zeros(cosines.shape, bool)
    own[np.arange(len(texts)), list(shown)] = True
    pictures = np.asarray(shown)
    others = pictures[:, None] != pictures
    return {
        "unrelated": round(float(cosines[~own].mean()), 3),
        "match": round(float(cosines[own].mean()), 3),
        "unrelated_texts": _mean_or_zero((texts @ texts.T)[others]),
        "unrelated_images": _mean_or_zero((images @ images.T)[~np.eye(len(images), dtype=bool)]),
    }


def _mean_or_zero(cosines: Floats) -> float:
    """A single picture has no other."""
    return round(float(cosines.mean()), 3) if cosines.size else 0.0


def fell_back(exported: Exported, plan: Plan) -> list[str]:
    """Towers that stayed float32 though less was asked for."""
    choices: dict[str, Any] = {"image": exported.image, "text": exported.text}
    asked = plan.precision != "fp32"
    return [name for name, choice in choices.items() if asked and choice.chosen == FLOAT.name]
