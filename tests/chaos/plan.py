"""A plan of what happens to the blobs in which order, and of the state in the end."""

import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from urllib.parse import quote

from tests.chaos.pictures import (
    BAD_PICTURES,
    BAD_SIDECAR,
    FORMATS,
    PictureSupply,
    make_bad_json,
    make_product_json,
)

BAD_SHARE = 0.03


@dataclass(frozen=True)
class PlannedContent:
    """The content of a blob for a while. ``bad`` is the reason of its failure, as a regular
    expression; empty where there is none."""

    data: bytes
    kind: str
    bad: str = ""
    name: str = ""
    """The product's name according to this blob; empty where it has none."""
    metadata: dict[str, str] = field(default_factory=dict)


Life = list[PlannedContent | None]
"""A blob's contents one after the other; None where it is deleted."""


@dataclass(frozen=True)
class PlannedStep:
    blob: str
    content: PlannedContent | None
    pause_s: float


@dataclass
class ChaosPlan:
    steps: list[PlannedStep]
    end: dict[str, PlannedContent]
    """The blobs in storage after the last step."""

    @property
    def span_s(self) -> float:
        return sum(step.pause_s for step in self.steps)

    def good_pictures(self) -> dict[str, PlannedContent]:
        return {b: c for b, c in self.end.items() if c.kind == "picture" and not c.bad}

    def bad(self) -> dict[str, str]:
        return {blob: content.bad for blob, content in self.end.items() if content.bad}

    def products(self) -> dict[str, str]:
        """Returns names by product id; an empty name stands for one that comes from a file name."""
        names = {}
        for product_id in {product_of(blob) for blob in self.end}:
            blobs = {b: c for b, c in self.end.items() if product_of(b) == product_id}
            document = blobs.get(f"{product_id}/product.json")
            if document is not None and not document.bad:
                names[product_id] = document.name
            elif any(c.kind == "picture" and not c.bad for c in blobs.values()):
                names[product_id] = name_from_pictures(blobs)
        return names


def product_of(blob: str) -> str:
    folder, slash, _ = blob.partition("/")
    return folder if slash else blob.partition(".")[0]


def name_from_pictures(blobs: dict[str, PlannedContent]) -> str:
    for blob in sorted(blob for blob in blobs if not blob.endswith(".json")):
        sidecar = blobs.get(f"{blob}.json")
        for source in (sidecar, blobs[blob]):
            if source is not None and source.name:
                return source.name
    return ""


class Planner:
    """Makes the same plan for the same seed."""

    def __init__(self, seed: int, pictures: int) -> None:
        self._rng = random.Random(seed)
        self._pictures = PictureSupply(self._rng)
        self._picture_count = pictures
        self._names = 0
        self._lives: dict[str, Life] = {}

    def plan(self, *, per_second: float) -> ChaosPlan:
        blobs = self._picture_blobs()
        for blob in blobs:
            self._lives[blob] = self._picture_life(blob)
        self._spoil(self._rng.sample(blobs, max(12, round(self._picture_count * BAD_SHARE))))
        for product_id in sorted({product_of(blob) for blob in blobs}):
            self._add_words(product_id)
        end = {blob: life[-1] for blob, life in self._lives.items() if life[-1] is not None}
        return ChaosPlan(self._steps(per_second), end)

    def _picture_blobs(self) -> list[str]:
        """Some products with one picture, some with several, and names that are not plain."""
        blobs: list[str] = []
        for number in range(self._picture_count):
            pattern = self._rng.choice(["dress {}", "été-{}", "p{}", "50%-off-{}"])
            product_id = pattern.format(number)
            views = min(self._rng.choice([1, 1, 2, 3]), self._picture_count - len(blobs))
            endings = [self._rng.choice(list(FORMATS)) for _ in range(views)]
            if self._rng.random() < 0.1:
                endings = [ending.upper() for ending in endings]
            if views == 1 and self._rng.random() < 0.5:
                blobs.append(f"{product_id}.{endings[0]}")
            else:
                blobs += [f"{product_id}/view {v}.{e}" for v, e in enumerate(endings)]
            if len(blobs) >= self._picture_count:
                break
        return blobs

    def _picture_life(self, blob: str) -> Life:
        life: Life = [self._picture(blob)]
        chance = self._rng.random()
        if chance < 0.15:  # overwritten, some of them twice
            life += [self._picture(blob) for _ in range(self._rng.choice([1, 1, 2]))]
        elif chance < 0.27:
            life.append(None)
        elif chance < 0.33:  # deleted and put there again
            life += [None, self._picture(blob)]
        return life

    def _picture(self, blob: str) -> PlannedContent:
        data = self._pictures.next(blob.rpartition(".")[2].lower())
        if self._rng.random() < 0.15:
            name = self._new_name()
            return PlannedContent(data, "picture", name=name, metadata={"name": quote(name)})
        return PlannedContent(data, "picture")

    def _spoil(self, blobs: list[str]) -> None:
        """Makes these bad in the end, and as many others bad until they are overwritten."""
        kinds = cycle(BAD_PICTURES)
        for blob in blobs:
            self._lives[blob].append(self._bad_picture(next(kinds)))
        for blob in self._rng.sample(sorted(self._lives), len(blobs)):
            if self._lives[blob][-1] is not None and blob not in blobs:
                self._lives[blob].insert(0, self._bad_picture(next(kinds)))

    def _bad_picture(self, kind: str) -> PlannedContent:
        return PlannedContent(
            self._pictures.bad(kind), f"bad picture ({kind})", BAD_PICTURES[kind][1]
        )

    def _add_words(self, product_id: str) -> None:
        pictures = sorted(blob for blob in self._lives if product_of(blob) == product_id)
        chance = self._rng.random()
        if chance < 0.3 and "/" in pictures[0]:
            self._lives[f"{product_id}/product.json"] = self._words_life("document")
        elif chance < 0.5:
            self._lives[f"{pictures[0]}.json"] = self._words_life("sidecar")

    def _words_life(self, kind: str) -> Life:
        life: Life = [self._words(kind) for _ in range(self._rng.choice([1, 1, 1, 2, 3]))]
        chance = self._rng.random()
        if chance < 0.08:
            life.append(PlannedContent(make_bad_json(self._rng), f"bad {kind}", BAD_SIDECAR))
        elif chance < 0.16:
            life.insert(0, PlannedContent(make_bad_json(self._rng), f"bad {kind}", BAD_SIDECAR))
        elif chance < 0.22:
            life.append(None)
        return life

    def _words(self, kind: str) -> PlannedContent:
        name = self._new_name()
        return PlannedContent(make_product_json(name, self._rng), kind, name=name)

    def _new_name(self) -> str:
        self._names += 1
        return f"Näme {self._names}"

    def _steps(self, per_second: float) -> list[PlannedStep]:
        """Returns steps in which blobs begin in any order, and change at once or much later."""
        timed: list[tuple[float, str, PlannedContent | None]] = []
        span_s = len(self._lives) / per_second
        for blob, life in self._lives.items():
            moment = self._rng.uniform(0, 0.8 * span_s)
            for content in life:
                timed.append((moment, blob, content))
                # while it is being indexed, soon after, or long after
                longest_s = self._rng.choice([0.1, 1.5, max(2.0, span_s - moment)])
                moment += self._rng.uniform(0, longest_s)
        timed.sort(key=lambda step: step[0])
        ends = [moment for moment, _, _ in timed]
        pauses = [later - earlier for earlier, later in pairwise(ends)] + [0.0]
        return [PlannedStep(b, c, p) for (_, b, c), p in zip(timed, pauses, strict=True)]


def count_steps(plan: ChaosPlan) -> Counter[str]:
    """Counts drops, overwrites, deletes and the kinds of contents."""
    counts: Counter[str] = Counter()
    existing: set[str] = set()
    for step in plan.steps:
        if step.content is None:
            counts["deletes"] += 1
            existing.discard(step.blob)
            continue
        counts["overwrites" if step.blob in existing else "drops"] += 1
        counts[step.content.kind] += 1
        existing.add(step.blob)
    return counts
