"""French forms of a glossary entry: plurals, feminines, and how a tokenizer that drops accents
spells them.

Rules for what is regular; the glossary spells out what is not ("œil|yeux", "blanc|blanche").
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


def folded(text: str) -> str:
    """As the tokenizer reads it: lower case, no accents, no ligatures, straight apostrophes."""
    text = text.lower()
    for sign, letters in LIGATURES.items():
        text = text.replace(sign, letters)
    parts = unicodedata.normalize("NFD", text)
    return "".join(part for part in parts if unicodedata.category(part) != "Mn")


def forms(french: str, kind: str) -> list[str]:
    """Every form, accents kept, the base first. `french` may give its second form after a bar."""
    base, _, given = french.partition("|")
    if kind in ("mp", "fp", "i"):
        return [base]
    if kind in ("m", "f"):
        return _distinct([base, given or plural(base)])
    if " " in base and not given:
        return [base]  # "bleu marine", "à carreaux"
    singular = [base, given or feminine(base)]
    return _distinct([*singular, *(plural_word(form) for form in singular)])


def plural(phrase: str) -> str:
    """ "sac à main" -> "sacs à main": the words before the first preposition change."""
    if verb := _VERB.match(phrase):
        return verb[0] + plural_word(phrase[verb.end() :])
    return "".join(_plural_parts(re.split(r"([ -])", phrase)))


def _plural_parts(parts: list[str]) -> Iterator[str]:
    changing = True
    for part in parts:
        changing = changing and part not in _LINKS and not part.startswith(_ELIDED)
        yield plural_word(part) if changing and _can_change(part) else part


def _can_change(part: str) -> bool:
    return len(part) > 1 and part.islower() and part.isalpha()


def plural_word(word: str) -> str:
    if word.endswith(("s", "x", "z")) or word in _PLURALS:
        return _PLURALS.get(word, word)
    for ending, replacement in _PLURAL_ENDINGS:
        if word.endswith(ending):
            return word.removesuffix(ending) + replacement
    return word + "s"


def feminine(word: str) -> str:
    """Of an adjective's masculine singular."""
    for ending, replacement in _FEMININE_ENDINGS:
        if word.endswith(ending):
            return word.removesuffix(ending) + replacement
    return word + "e"


def _distinct(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))
