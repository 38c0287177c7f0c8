"""French phrases with their English translations, from which the French rows learn.

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
    """The entries of the glossary, grouped as the templates need them."""

    nouns: list[Entry]
    adjectives: list[Entry]
    complements: list[Entry]  # "en cuir"

    @classmethod
    def group(cls, entries: tuple[Entry, ...]) -> Parts:
        return cls(
            nouns=[entry for entry in entries if entry.is_noun],
            adjectives=[entry for entry in entries if entry.kind == "a"],
            complements=[entry for entry in entries if entry.kind == "i"],
        )


def make_french_lessons(entries: tuple[Entry, ...], *, seed: int) -> list[Pair]:
    """Returns LESSON_COUNT distinct pairs in a seeded random order, among them every sense."""
    rng = random.Random(seed)  # noqa: S311  # no secret depends on it
    pairs = dict.fromkeys((entry.base, sense) for entry in entries for sense in entry.senses)
    phrases = generate_pairs(Parts.group(entries), rng)
    while len(pairs) < LESSON_COUNT:
        pairs[next(phrases)] = None
    shuffled = list(pairs)
    rng.shuffle(shuffled)
    return shuffled


def generate_pairs(parts: Parts, rng: random.Random) -> Iterator[Pair]:
    """Yields filled templates without end."""
    while True:
        yield rng.choice(TEMPLATES)(parts, rng)


def pair_with_adjective(parts: Parts, rng: random.Random) -> Pair:
    """ "robe rouge" -> "red dress"."""
    noun, adjective = rng.choice(parts.nouns), rng.choice(parts.adjectives)
    english = f"{rng.choice(adjective.senses)} {rng.choice(noun.senses)}"
    return f"{noun.base} {inflect_adjective(adjective, noun)}", english


def pair_with_two_adjectives(parts: Parts, rng: random.Random) -> Pair:
    noun, first, second = rng.choice(parts.nouns), *rng.sample(parts.adjectives, 2)
    french = f"{noun.base} {inflect_adjective(first, noun)} {inflect_adjective(second, noun)}"
    english = " ".join(rng.choice(entry.senses) for entry in (first, second, noun))
    return french, english


def pair_with_complement(parts: Parts, rng: random.Random) -> Pair:
    """ "veste en cuir" -> "leather jacket"."""
    noun, complement = rng.choice(parts.nouns), rng.choice(parts.complements)
    english = f"{rng.choice(complement.senses)} {rng.choice(noun.senses)}"
    return f"{noun.base} {complement.base}", english


def pair_with_adjective_and_complement(parts: Parts, rng: random.Random) -> Pair:
    noun, complement = rng.choice(parts.nouns), rng.choice(parts.complements)
    adjective = rng.choice(parts.adjectives)
    english = " ".join(rng.choice(entry.senses) for entry in (adjective, complement, noun))
    return f"{noun.base} {inflect_adjective(adjective, noun)} {complement.base}", english


def pair_with_article(parts: Parts, rng: random.Random) -> Pair:
    noun = rng.choice(parts.nouns)
    sense = rng.choice(noun.senses)
    return rng.choice(
        [(add_definite_article(noun), f"the {sense}"), (add_indefinite_article(noun), f"a {sense}")]
    )


def pair_two_nouns(parts: Parts, rng: random.Random) -> Pair:
    """ "vase avec des fleurs" -> "vase with flower"."""
    first, second = rng.sample(parts.nouns, 2)
    link, english = rng.choice([("avec", "with"), ("et", "and"), ("pour", "for")])
    senses = rng.choice(first.senses), rng.choice(second.senses)
    return f"{first.base} {link} {second.base}", f"{senses[0]} {english} {senses[1]}"


def pair_with_possessor(parts: Parts, rng: random.Random) -> Pair:
    """ "poignée de porte" -> "door handle"."""
    first, second = rng.sample(parts.nouns, 2)
    link = "d'" if starts_with_vowel(second.base) else "de "
    english = f"{rng.choice(second.senses)} {rng.choice(first.senses)}"
    return f"{first.base} {link}{second.base}", english


TEMPLATES: tuple[Callable[[Parts, random.Random], Pair], ...] = (
    pair_with_adjective,
    pair_with_adjective,
    pair_with_two_adjectives,
    pair_with_complement,
    pair_with_adjective_and_complement,
    pair_with_article,
    pair_two_nouns,
    pair_with_possessor,
)


def inflect_adjective(adjective: Entry, noun: Entry) -> str:
    """Returns the form of the adjective that agrees with the noun's base form."""
    count = len(adjective.forms)
    if count == 1:
        return adjective.base
    is_feminine, is_plural = noun.kind.startswith("f"), noun.kind.endswith("p")
    forms = [form for form in adjective.forms if form.endswith(("s", "x")) == is_plural]
    if not forms:
        return adjective.base
    return forms[-1] if is_feminine else forms[0]


def add_definite_article(noun: Entry) -> str:
    if noun.kind.endswith("p"):
        return f"les {noun.base}"
    if starts_with_vowel(noun.base):
        return f"l'{noun.base}"
    return f"{'la' if noun.kind == 'f' else 'le'} {noun.base}"


def add_indefinite_article(noun: Entry) -> str:
    article = {"m": "un", "f": "une"}.get(noun.kind, "des")
    return f"{article} {noun.base}"


def starts_with_vowel(word: str) -> bool:
    return word[0].lower() in VOWELS
