"""The bundle's tokenizer: BERT's WordPiece, its unused rows renamed to words it would split.

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


def extend_tokenizer(original: Path, words: Iterable[str]) -> dict[str, Any]:
    """Returns tokenizer.json with unused rows renamed to those `words` that have no row yet.

    Its padding and truncation are removed, since the manifest specifies both.
    """
    settings: dict[str, Any] = json.loads(original.read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = settings["model"]["vocab"]
    new_words = (word for word in dict.fromkeys(words) if word not in vocabulary)
    free = [token for token in vocabulary if _UNUSED.fullmatch(token)]
    renamed = dict(zip(free, new_words, strict=False))
    settings["model"]["vocab"] = {
        renamed.get(token, token): row for token, row in vocabulary.items()
    }
    settings["padding"] = settings["truncation"] = None
    return settings


def select_plain_words(vocabulary: Iterable[str]) -> list[str]:
    """Returns the whole lower-case words of at least three letters."""
    return [token for token in vocabulary if _PLAIN_WORD.fullmatch(token)]


def split_words(phrases: Iterable[str]) -> Iterator[str]:
    """Yields the lower-case words of the phrases, with repeats."""
    for phrase in phrases:
        yield from _PLAIN_WORD.findall(phrase.lower())


def add_plurals(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield word
        yield word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
