"""French forms of a glossary entry: plurals, feminines, and their spelling without accents.

The rules cover regular forms; the glossary spells out the others ("œil|yeux", "blanc|blanche").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

NOUN_KINDS = ("m", "f", "mp", "fp")  # gender; p: always plural
KINDS = (*NOUN_KINDS, "a", "i")  # a: adjective, i: does not change
LIGATURES = {"œ": "oe", "æ": "ae", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}
_LINKS = {"à", "au", "aux", "de", "du", "des", "en", "et", "pour", "sans", "par", "sur", "tout"}
_ELIDED = ("d'", "l'", "qu'")
# the first part of "tire-bouchon" is a verb and never takes the plural
_VERB = re.compile(
    "(?:cache|casse|chasse|chauffe|coupe|couvre|cure|emporte|épluche|essuie|grille|garde|gratte|lave"
    "|lance|ouvre|pare|pèse|pique|porte|presse|ramasse|réveille|sèche|serre|souffle|taille|tire|tourne"
    "|vide)-"
)
_PLURALS = {"bleu": "bleus", "pneu": "pneus", "landau": "landaus"}
_PLURAL_ENDINGS = (("eau", "eaux"), ("au", "aux"), ("eu", "eux"), ("al", "aux"))
_FEMININE_ENDINGS = (
    ("e", "e"),
    ("eux", "euse"),
    ("eur", "euse"),
    ("if", "ive"),
    ("er", "ère"),
    ("el", "elle"),
    ("en", "enne"),
    ("on", "onne"),
    ("et", "ette"),
)


def fold_spelling(text: str) -> str:
    """Spells a text as the tokenizer does: lower case, without accents and ligatures."""
    text = text.lower()
    for sign, letters in LIGATURES.items():
        text = text.replace(sign, letters)
    parts = unicodedata.normalize("NFD", text)
    return "".join(part for part in parts if unicodedata.category(part) != "Mn")


def inflect(french: str, kind: str) -> list[str]:
    """Returns every form, the base first. `french` may have a second form after a bar."""
    base, _, second = french.partition("|")
    if kind in ("mp", "fp", "i"):
        return [base]
    if kind in ("m", "f"):
        return _drop_repeats([base, second or pluralise_phrase(base)])
    if " " in base and not second:
        return [base]  # "bleu marine", "à carreaux"
    singular = [base, second or make_feminine(base)]
    return _drop_repeats([*singular, *(pluralise_word(form) for form in singular)])


def pluralise_phrase(phrase: str) -> str:
    """ "sac à main" -> "sacs à main": the words before the first preposition change."""
    if verb := _VERB.match(phrase):
        return verb[0] + pluralise_word(phrase[verb.end() :])
    return "".join(_pluralise_parts(re.split(r"([ -])", phrase)))


def _pluralise_parts(parts: list[str]) -> Iterator[str]:
    changing = True
    for part in parts:
        changing = changing and part not in _LINKS and not part.startswith(_ELIDED)
        yield pluralise_word(part) if changing and _can_change(part) else part


def _can_change(part: str) -> bool:
    return len(part) > 1 and part.islower() and part.isalpha()


def pluralise_word(word: str) -> str:
    if word.endswith(("s", "x", "z")) or word in _PLURALS:
        return _PLURALS.get(word, word)
    for ending, replacement in _PLURAL_ENDINGS:
        if word.endswith(ending):
            return word.removesuffix(ending) + replacement
    return word + "s"


def make_feminine(word: str) -> str:
    """Returns the feminine of an adjective's masculine singular."""
    for ending, replacement in _FEMININE_ENDINGS:
        if word.endswith(ending):
            return word.removesuffix(ending) + replacement
    return word + "e"


def _drop_repeats(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))
