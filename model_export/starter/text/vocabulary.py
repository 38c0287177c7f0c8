"""The bundle's tokenizer: BERT's WordPiece, its unused rows given to words it would break up.

The text tower is a bag of tokens, so a word in pieces ("sneak", "##ers") gets the mean of its
pieces' meanings. BERT's vocabulary keeps 994 rows free ("[unused7]"); here they hold shop words,
colour words and class names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_UNUSED = re.compile(r"\[unused\d+\]")
_PLAIN_WORD = re.compile(r"[a-z]{3,}")


def extended_tokenizer(original: Path, wanted: Iterable[str]) -> dict[str, Any]:
    """tokenizer.json with unused rows renamed to the `wanted` words that have no row yet.

    Its own padding and truncation are taken out: the manifest says both.
    """
    settings: dict[str, Any] = json.loads(original.read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = settings["model"]["vocab"]
    new_words = (word for word in dict.fromkeys(wanted) if word not in vocabulary)
    free = [token for token in vocabulary if _UNUSED.fullmatch(token)]
    renamed = dict(zip(free, new_words, strict=False))
    settings["model"]["vocab"] = {
        renamed.get(token, token): row for token, row in vocabulary.items()
    }
    settings["padding"] = settings["truncation"] = None
    return settings


def plain_words(vocabulary: Iterable[str]) -> list[str]:
    """Whole lower-case words of at least three letters."""
    return [token for token in vocabulary if _PLAIN_WORD.fullmatch(token)]


def words_in(phrases: Iterable[str]) -> Iterator[str]:
    """The lower-case words of the phrases, repeats included."""
    for phrase in phrases:
        yield from _PLAIN_WORD.findall(phrase.lower())


def with_plurals(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield word
        yield word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
