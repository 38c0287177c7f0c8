"""A product's words as a sparse vector that Qdrant ranks by BM25.

Qdrant's ``Modifier.IDF`` multiplies each term by its inverse document frequency, which it keeps
itself; the rest of the formula is the weight of a term in a document, made here:

    tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average))

S. Robertson, H. Zaragoza: The Probabilistic Relevance Framework: BM25 and Beyond (2009).

A term is a word without case and accents, stemmed for English, then for French: "robes rouges"
and "robe rouge" are the same terms, and a word of either language is one term, not two.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import Stemmer

if TYPE_CHECKING:
    from shared_code.domain.products import ProductText

K1 = 1.2
B = 0.75
"""Both as in Robertson and Zaragoza, section 3.4, and in Lucene."""

AVERAGE_LENGTH = 30
"""Words of a product. A constant, since the true average would change every stored weight."""

NAME_COUNTS = 2
"""Times: a word of the name says more of the product than one of its description."""

MAX_WORDS = 2_000
"""Of a text: a description holds fewer; a query of more is no query."""

_ENGLISH = "a an and are as at be by for from in is it its of on or that the this to was with"
_FRENCH = (
    "au aux avec ce ces cet cette d dans de des du en est et l la le les leur ou par pour qu que "
    "qui sa se ses son sur un une"
)
_STOP_WORDS = frozenset(_ENGLISH.split()) | frozenset(_FRENCH.split())


class SparseVector(NamedTuple):
    """Term ids, unsigned 32-bit, in rising order, and their weights."""

    indices: list[int]
    values: list[float]


def document_vector(product: ProductText) -> SparseVector:
    """Of its name, its description, the texts in its metadata, and numbers in its id."""
    counts: Counter[str] = Counter()
    for text, times in _said(product):
        for term in _terms(text):
            counts[term] += times
    length = counts.total()
    norm = K1 * (1 - B + B * length / AVERAGE_LENGTH)
    return _vector({term: tf * (K1 + 1) / (tf + norm) for term, tf in counts.items()})


def query_vector(text: str) -> SparseVector:
    """Each term once; empty when the text holds none but stop words."""
    return _vector(dict.fromkeys(_terms(text), 1.0))


def _said(product: ProductText) -> Iterator[tuple[str, int]]:
    yield product.name, NAME_COUNTS
    yield product.description, 1
    for value in product.metadata.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each, 1
    # an article number is looked for; the words of an id are the name's again
    yield " ".join(word for word in _words(product.product_id) if _has_digit(word)), 1


def _terms(text: str) -> Iterable[str]:
    words = [word for word in _words(text) if word not in _STOP_WORDS]
    english, french = _stemmers()
    return [french.stemWord(english.stemWord(word)) for word in words]


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.findall(r"\w+", plain)[:MAX_WORDS]


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


_of_thread = threading.local()


def _stemmers() -> tuple[Any, Any]:
    """A stemmer keeps a cache and is not safe to share between threads."""
    if not hasattr(_of_thread, "stemmers"):
        _of_thread.stemmers = (Stemmer.Stemmer("english"), Stemmer.Stemmer("french"))
    found: tuple[Any, Any] = _of_thread.stemmers
    return found


def _vector(weights: dict[str, float]) -> SparseVector:
    by_id: dict[int, float] = {}
    for term, weight in weights.items():
        # two terms of one id are as rare as a catalogue is smaller than 2**32 words
        by_id[_term_id(term)] = weight
    ordered = sorted(by_id.items())
    return SparseVector([term for term, _ in ordered], [weight for _, weight in ordered])


def _term_id(term: str) -> int:
    digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big")
