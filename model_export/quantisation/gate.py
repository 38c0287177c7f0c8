"""Chooses how a tower is quantised: of all recipes, the first that loses little enough.

A tower for which no recipe passes stays float32: better a slower bundle than a worse one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from model_export.graphs.blocks import RANGE
from model_export.graphs.emit import emit
from model_export.quantisation.measurements import (
    Agreement,
    compare_vectors,
    embed_items,
    measure_milliseconds,
    open_session,
    take_lower,
)
from model_export.quantisation.smooth_quant import smooth_tower
from model_export.recipes import FLOAT, RECIPES, Precision, Recipe

if TYPE_CHECKING:
    from model_export.layers import Floats, Tower
    from model_export.source import Feeds

CALIBRATION_ITEMS = 64
"""SmoothQuant takes the input ranges from these; more items changed no figure."""


@dataclass(frozen=True, slots=True)
class QualityGate:
    """The least agreement with float32 that an int8 tower needs."""

    mean_cosine: float = 0.99
    overlap: float = 0.95

    def passes(self, agreement: Agreement) -> bool:
        return agreement.cosine_mean >= self.mean_cosine and agreement.overlap >= self.overlap


@dataclass(frozen=True, slots=True)
class Trial:
    """A row of the report: one recipe on one tower."""

    recipe: str
    agreement: Agreement
    milliseconds: float
    megabytes: float
    recall: Mapping[str, float]
    passed: bool

    def as_json(self) -> dict[str, Any]:
        agreement = {name: round(value, 5) for name, value in asdict(self.agreement).items()}
        return {
            "recipe": self.recipe,
            **agreement,
            "milliseconds": round(self.milliseconds, 2),
            "megabytes": round(self.megabytes, 1),
            "recall": dict(self.recall),
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """The inputs of one tower, and the float32 vectors that a recipe is compared with."""

    items: Sequence[Feeds]
    """One at a time, as a search computes them."""
    batches: Sequence[Feeds]
    """The same in the app's batches, since int8 takes one range over everything in a run."""
    reference: Floats
    """The float32 vectors of the items."""
    candidates: Floats | None
    """The vectors that are ranked for a top 10: the pictures, for texts; None: the items."""
    recall: Callable[[Floats], Mapping[str, float]]

    def evaluate(self, name: str, model: bytes, gate: QualityGate) -> Trial:
        tower = open_session(model)
        vectors = embed_items(tower, self.items)
        agreement = take_lower(
            compare_vectors(vectors, self.reference, self.candidates),
            compare_vectors(embed_items(tower, self.batches), self.reference, self.candidates),
        )
        return Trial(
            recipe=name,
            agreement=agreement,
            milliseconds=measure_milliseconds(tower, self.items[0]),
            megabytes=len(model) / 1e6,
            recall=self.recall(vectors),
            passed=gate.passes(agreement),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    model: bytes
    """The content of an ONNX file."""
    trials: tuple[Trial, ...]
    recipe: Recipe

    @property
    def chosen(self) -> str:
        return self.recipe.name

    @property
    def precision(self) -> Precision:
        return self.recipe.precision


def choose_recipe(
    tower: Tower,
    judge: Judge,
    *,
    gate: QualityGate,
    recipes: Sequence[Recipe] = RECIPES,
    progress: Callable[[Sequence[Recipe]], Iterable[Recipe]] = iter,
) -> Choice:
    """Tries all recipes, for the report, and returns the first that passes, or float32.

    The models are large, so only the chosen one is returned.
    """
    ranges = (
        measure_input_ranges(tower, judge.items)
        if any(r.smooth is not None for r in recipes)
        else {}
    )
    trials = [judge.evaluate(FLOAT.name, emit(tower), gate)]
    trials.extend(
        judge.evaluate(recipe.name, emit(smooth_tower(tower, ranges, recipe), recipe), gate)
        for recipe in progress(recipes)
    )
    passing = {trial.recipe for trial in trials if trial.passed}
    chosen = next((recipe for recipe in recipes if recipe.name in passing), FLOAT)
    return Choice(emit(smooth_tower(tower, ranges, chosen), chosen), tuple(trials), chosen)


def measure_input_ranges(tower: Tower, items: Sequence[Feeds]) -> dict[str, Floats]:
    """Returns the largest absolute inputs, by layer and channel, on evenly chosen items."""
    probed = open_session(emit(tower, probes=True))
    names = [o.name for o in probed.get_outputs() if o.name.startswith(RANGE)]
    largest: dict[str, Floats] = {}
    for item in items[:: max(1, len(items) // CALIBRATION_ITEMS)]:
        for name, ranges in zip(names, probed.run(names, item), strict=True):
            key = name.removeprefix(RANGE)
            largest[key] = np.maximum(largest.get(key, ranges), ranges)
    return largest
