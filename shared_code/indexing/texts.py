"""Keeps the text point of a product, and the words on its pictures, as storage says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from shared_code.domain.errors import Unavailable
from shared_code.domain.ports import Encoder, ProductIndex
from shared_code.domain.products import PointRef, PointRevision, TextRecord
from shared_code.domain.timing import stage
from shared_code.indexing.records import text_record
from shared_code.indexing.word_vectors import embed_words
from shared_code.indexing.words import ObservedText, ProductTextReader

Outcome: TypeAlias = Literal["indexed", "current", "removed", "failed"]

MAX_ROUNDS = 10
"""Looks at what keeps changing before the host is asked to deliver the event again."""


@dataclass(frozen=True, slots=True)
class ProductTextIndexer:
    encoder: Encoder
    index: ProductIndex
    words: ProductTextReader

    def refresh(self, product_id: str, *, has_picture: bool = False) -> Outcome:
        """Ends with a look at storage and index in which both agree.

        ``has_picture``: the caller has just written one and will look at its blob again.
        """
        ref = PointRef(product_id)
        outcome: Outcome = "current"
        for turn in range(MAX_ROUNDS):
            words, stored = self._seen(product_id, has_picture=has_picture)
            if words is None and stored is None:
                return "removed"
            if words is not None and is_current(stored, words):
                return outcome
            with stage("search"):
                if words is not None and stored is not None and turn:
                    # written by an instance whose clock runs ahead: what was seen last wins
                    words = replace(words, version=max(words.version, stored.version + 1))
                if words is None:
                    self.index.delete([ref])
                else:
                    self.index.write([], [self.record(words)])
                    outcome = "indexed"
        raise Unavailable(f"the words of {product_id} changed {MAX_ROUNDS} times meanwhile")

    def plan_refresh(self, product_id: str) -> Outcome:
        """What ``refresh`` would do; changes nothing."""
        words, stored = self._seen(product_id)
        if words is None:
            return "current" if stored is None else "removed"
        return "current" if is_current(stored, words) else "indexed"

    def record(self, words: ObservedText) -> TextRecord:
        return text_record(embed_words(self.encoder, words.text), words)

    def _seen(
        self, product_id: str, *, has_picture: bool = False
    ) -> tuple[ObservedText | None, PointRevision | None]:
        """The words in storage, and what the stored text point was made from.

        There are words for a product that has a document or a picture that could be
        indexed: a sidecar or an unreadable picture alone makes no product.
        """
        words = self.words.read(product_id)
        if words is not None and not (words.from_document or has_picture):
            words = words if self.index.images_of([product_id]) else None
        ref = PointRef(product_id)
        return words, self.index.sources([ref]).get(ref)


def is_current(stored: PointRevision | None, words: ObservedText) -> bool:
    return stored is not None and (stored.etag, stored.words_etag) == (words.basis, words.text.etag)
