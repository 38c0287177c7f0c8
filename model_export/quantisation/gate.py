"""Chooses how a tower is quantised: all recipes are tried, the first that is near enough wins.

A tower that no recipe brings through the gate stays float32: a slower bundle is served, not a
worse one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from model_export.graphs.blocks import RANGE
from model_export.graphs.emit import emit
from model_export.quantisation.measurements import (
    Nearness,
    milliseconds,
    nearness,
    session,
    vectors,
    worse,
)
from model_export.quantisation.smooth_quant import smoothed
from model_export.recipes import FLOAT, RECIPES, Precision, Recipe

if TYPE_CHECKING:
    from model_export.layers import Floats, Tower
    from model_export.source import Feeds

CALIBRATION_ITEMS = 64
"""Whose ranges SmoothQuant sees; more moved no figure here."""


@dataclass(frozen=True, slots=True)
class Gate:
    mean_cosine: float = 0.99
    overlap: float = 0.95

    def passes(self, near: Nearness) -> bool:
        return near.cosine_mean >= self.mean_cosine and near.overlap >= self.overlap


@dataclass(frozen=True, slots=True)
class Trial:
    """A row of the report: one recipe on one tower."""

    recipe: str
    near: Nearness
    milliseconds: float
    megabytes: float
    recall: Mapping[str, float]
    passed: bool

    def as_json(self) -> dict[str, Any]:
        near = {name: round(value, 5) for name, value in asdict(self.near).items()}
        return {
            "recipe": self.recipe,
            **near,
            "milliseconds": round(self.milliseconds, 2),
            "megabytes": round(self.megabytes, 1),
            "recall": dict(self.recall),
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """One tower's items, and what its vectors are compared with."""

    items: Sequence[Feeds]
    """One by one, as a search has them."""
    batches: Sequence[Feeds]
    """The same in the app's batches: int8 takes one range over all that is computed together."""
    reference: Floats
    """float32 vectors of the items."""
    among: Floats | None
    """What a top 10 is taken from: the pictures, for texts; None: the items themselves."""
    recall: Callable[[Floats], Mapping[str, float]]

    def trial(self, name: str, model: bytes, gate: Gate) -> Trial:
        tower = session(model)
        found = vectors(tower, self.items)
        near = worse(
            nearness(found, self.reference, self.among),
            nearness(vectors(tower, self.batches), self.reference, self.among),
        )
        return Trial(
            recipe=name,
            near=near,
            milliseconds=milliseconds(tower, self.items[0]),
            megabytes=len(model) / 1e6,
            recall=self.recall(found),
            passed=gate.passes(near),
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


def choose(
    tower: Tower,
    judge: Judge,
    *,
    gate: Gate,
    recipes: Sequence[Recipe] = RECIPES,
    progress: Callable[[Sequence[Recipe]], Iterable[Recipe]] = iter,
) -> Choice:
    """Tries all, for the report, and takes the first that passes.

    The models of the others are not kept, being large.
    """
    ranges = seen_ranges(tower, judge.items) if any(r.smooth is not None for r in recipes) else {}
    trials = [judge.trial(FLOAT.name, emit(tower), gate)]
    trials.extend(
        judge.trial(recipe.name, emit(smoothed(tower, ranges, recipe), recipe), gate)
        for recipe in progress(recipes)
    )
    passing = {trial.recipe for trial in trials if trial.passed}
    chosen = next((recipe for recipe in recipes if recipe.name in passing), FLOAT)
    return Choice(emit(smoothed(tower, ranges, chosen), chosen), tuple(trials), chosen)


def seen_ranges(tower: Tower, items: Sequence[Feeds]) -> dict[str, Floats]:
    """The largest absolute inputs seen, by layer and channel, on evenly chosen items."""
    probed = session(emit(tower, probes=True))
    names = [o.name for o in probed.get_outputs() if o.name.startswith(RANGE)]
    largest: dict[str, Floats] = {}
    for item in items[:: max(1, len(items) // CALIBRATION_ITEMS)]:
        for name, seen in zip(names, probed.run(names, item), strict=True):
            key = name.removeprefix(RANGE)
            largest[key] = np.maximum(largest.get(key, seen), seen)
    return largest
