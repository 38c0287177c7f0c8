"""The phrases the text tower learns from. No caption of the evaluation pictures is among them.

They are vocabulary words, ImageNet names and pieces of their descriptions, and shop phrases made
from templates (`phrase_words.json`, written for this project).
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model_export.starter.meaning.class_names import ClassNames

WORDS_FILE = Path(__file__).with_name("phrase_words.json")
# about half of the corpus is templates; the feasibility study used as many phrases in all
PHRASE_COUNT = 85_000
_CLAUSE_ENDS = re.compile(r"[.,;]| and | with ")


@dataclass(frozen=True, slots=True)
class ShopWords:
    """The content of phrase_words.json."""

    colours: list[str]
    materials: list[str]
    qualities: list[str]
    things: list[str]
    templates: list[str]


def load_shop_words() -> ShopWords:
    content = json.loads(WORDS_FILE.read_text(encoding="utf-8"))
    things = [thing for group in content.pop("things").values() for thing in group]
    return ShopWords(things=things, **content)


def build_phrases(
    words: list[str], classes: ClassNames, shop: ShopWords, *, seed: int
) -> list[str]:
    """Returns PHRASE_COUNT distinct lower-case phrases in a seeded random order.

    `words` are the vocabulary's plain words.
    """
    rng = random.Random(seed)  # noqa: S311  # no secret depends on it
    phrases = dict.fromkeys([*words, *list_class_phrases(classes)])
    templates = fill_templates(words, classes, shop, rng)
    while len(phrases) < PHRASE_COUNT:
        phrases[next(templates)] = None
    shuffled = list(phrases)
    rng.shuffle(shuffled)
    return shuffled


def list_class_phrases(classes: ClassNames) -> Iterator[str]:
    """Yields names, synonyms and clauses of the descriptions (4 to 89 characters)."""
    for name, synonyms, description in zip(
        classes.names, classes.synonyms, classes.descriptions, strict=True
    ):
        yield from (synonym.lower() for synonym in synonyms)
        yield from (name.lower(), f"a photo of a {name.lower()}")
        clauses = (clause.strip().lower() for clause in _CLAUSE_ENDS.split(description))
        yield from (clause for clause in clauses if 3 < len(clause) < 90)


def fill_templates(
    words: list[str], classes: ClassNames, shop: ShopWords, rng: random.Random
) -> Iterator[str]:
    """Yields filled templates without end, with a few random words in between."""
    nouns = [*shop.things, *(name.lower() for name in classes.names)]
    while True:
        # three in five phrases are about shop things, the rest mostly about ImageNet classes
        thing = rng.choice(shop.things if rng.random() < 0.6 else nouns)
        yield rng.choice(shop.templates).format(
            thing=thing,
            other=rng.choice(nouns),
            quality=rng.choice(shop.qualities),
            material=rng.choice(shop.materials),
            colour=rng.choice(shop.colours),
            colour2=rng.choice(shop.colours),
            word=rng.choice(words),
        )
        # unrelated words together teach the mean over tokens, which templates alone would not
        if rng.random() < 0.25:
            yield " ".join(rng.choice(words) for _ in range(rng.choice([2, 2, 3])))
