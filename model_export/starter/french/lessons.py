"""French phrases and the English that says the same: what the French rows learn from.

Templates filled from the glossary alone, with articles and agreement. No query of the evaluation
is among them but where it is a glossary entry itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from model_export.starter.french.glossary import Entry

LESSON_COUNT = 40_000
VOWELS = "aeiouyâàéèêëîïôûhœ"

Pair = tuple[str, str]  # French, English


@dataclass(frozen=True, slots=True)
class Parts:
    """The glossary by what a template needs."""

    nouns: list[Entry]
    adjectives: list[Entry]
    complements: list[Entry]  # "en cuir"

    @classmethod
    def of(cls, entries: tuple[Entry, ...]) -> Parts:
        return cls(
            nouns=[entry for entry in entries if entry.is_noun],
            adjectives=[entry for entry in entries if entry.kind == "a"],
            complements=[entry for entry in entries if entry.kind == "i"],
        )


def french_lessons(entries: tuple[Entry, ...], *, seed: int) -> list[Pair]:
    """LESSON_COUNT distinct pairs in a seeded random order, every entry with all its senses."""
    rng = random.Random(seed)  # noqa: S311  # no secret depends on it
    pairs = dict.fromkeys((entry.base, sense) for entry in entries for sense in entry.senses)
    phrases = template_pairs(Parts.of(entries), rng)
    while len(pairs) < LESSON_COUNT:
        pairs[next(phrases)] = None
    shuffled = list(pairs)
    rng.shuffle(shuffled)
    return shuffled


def template_pairs(parts: Parts, rng: random.Random) -> Iterator[Pair]:
    """An endless stream."""
    while True:
        yield rng.choice(TEMPLATES)(parts, rng)


def described(parts: Parts, rng: random.Random) -> Pair:
    """ "robe rouge" -> "red dress"."""
    noun, adjective = rng.choice(parts.nouns), rng.choice(parts.adjectives)
    english = f"{rng.choice(adjective.senses)} {rng.choice(noun.senses)}"
    return f"{noun.base} {agreeing(adjective, noun)}", english


def described_twice(parts: Parts, rng: random.Random) -> Pair:
    noun, first, second = rng.choice(parts.nouns), *rng.sample(parts.adjectives, 2)
    french = f"{noun.base} {agreeing(first, noun)} {agreeing(second, noun)}"
    english = " ".join(rng.choice(entry.senses) for entry in (first, second, noun))
    return french, english


def with_complement(parts: Parts, rng: random.Random) -> Pair:
    """ "veste en cuir" -> "leather jacket"."""
    noun, complement = rng.choice(parts.nouns), rng.choice(parts.complements)
    english = f"{rng.choice(complement.senses)} {rng.choice(noun.senses)}"
    return f"{noun.base} {complement.base}", english


def coloured_complement(parts: Parts, rng: random.Random) -> Pair:
    noun, complement = rng.choice(parts.nouns), rng.choice(parts.complements)
    adjective = rng.choice(parts.adjectives)
    english = " ".join(rng.choice(entry.senses) for entry in (adjective, complement, noun))
    return f"{noun.base} {agreeing(adjective, noun)} {complement.base}", english


def with_article(parts: Parts, rng: random.Random) -> Pair:
    noun = rng.choice(parts.nouns)
    sense = rng.choice(noun.senses)
    return rng.choice([(definite(noun), f"the {sense}"), (indefinite(noun), f"a {sense}")])


def joined(parts: Parts, rng: random.Random) -> Pair:
    """ "vase avec des fleurs" -> "vase with flower"."""
    first, second = rng.sample(parts.nouns, 2)
    link, english = rng.choice([("avec", "with"), ("et", "and"), ("pour", "for")])
    senses = rng.choice(first.senses), rng.choice(second.senses)
    return f"{first.base} {link} {second.base}", f"{senses[0]} {english} {senses[1]}"


def belonging(parts: Parts, rng: random.Random) -> Pair:
    """ "poignée de porte" -> "door handle"."""
    first, second = rng.sample(parts.nouns, 2)
    link = "d'" if starts_with_vowel(second.base) else "de "
    english = f"{rng.choice(second.senses)} {rng.choice(first.senses)}"
    return f"{first.base} {link}{second.base}", english


TEMPLATES: tuple[Callable[[Parts, random.Random], Pair], ...] = (
    described,
    described,
    described_twice,
    with_complement,
    coloured_complement,
    with_article,
    joined,
    belonging,
)


def agreeing(adjective: Entry, noun: Entry) -> str:
    """The adjective's form for the noun's base form."""
    count = len(adjective.forms)
    if count == 1:
        return adjective.base
    is_feminine, is_plural = noun.kind.startswith("f"), noun.kind.endswith("p")
    wanted = [form for form in adjective.forms if form.endswith(("s", "x")) == is_plural]
    if not wanted:
        return adjective.base
    return wanted[-1] if is_feminine else wanted[0]


def definite(noun: Entry) -> str:
    if noun.kind.endswith("p"):
        return f"les {noun.base}"
    if starts_with_vowel(noun.base):
        return f"l'{noun.base}"
    return f"{'la' if noun.kind == 'f' else 'le'} {noun.base}"


def indefinite(noun: Entry) -> str:
    article = {"m": "un", "f": "une"}.get(noun.kind, "des")
    return f"{article} {noun.base}"


def starts_with_vowel(word: str) -> bool:
    return word[0].lower() in VOWELS
