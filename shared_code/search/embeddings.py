"""Embeddings of what is searched for: each is made once and remembered.

Only queries are: a picture that is indexed is not embedded again, and would push out what is.
"""

from __future__ import annotations

import hashlib
import threading
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from shared_code.domain.ports import Embedding, EmbeddingCache, Encoder
from shared_code.domain.timing import mark
from shared_code.search.query import Photo

if TYPE_CHECKING:
    from shared_code.domain.products import ScoreCalibrations, Vector


T = TypeVar("T")


@dataclass(slots=True)
class CacheCounts:
    """Since this process began."""

    hits: int = 0
    misses: int = 0


@dataclass(frozen=True, slots=True)
class Embeddings:
    encoder: Encoder
    caches: Sequence[EmbeddingCache]
    """Nearest first: what a farther one knows is put into the nearer ones."""
    counts: CacheCounts = field(default_factory=CacheCounts)
    _under_way: dict[str, Future[Embedding]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def scales(self) -> ScoreCalibrations:
        return self.encoder.model.scales

    def text(self, text: str) -> Embedding:
        """Raises as ``Encoder.encode_texts`` does."""
        text = _plain(text)
        return self._remembered(_text_name(text), lambda: self.encoder.encode_texts([text])[0])

    def texts(self, texts: Sequence[str]) -> list[Embedding]:
        """In order; those not known are embedded together."""
        plain = list(map(_plain, texts))
        return self._all(list(map(_text_name, plain)), plain, self.encoder.encode_texts)

    def photo(self, photo: Photo) -> Vector:
        """Raises as ``Encoder.decode`` and ``encode_images`` do."""
        return self._remembered(_photo_name(photo), lambda: self._embed([photo])[0]).vector

    def photos(self, photos: Sequence[Photo]) -> list[Vector]:
        """In order; those not known are embedded together."""
        found = self._all(list(map(_photo_name, photos)), photos, self._embed)
        return [embedding.vector for embedding in found]

    def _embed(self, photos: Sequence[Photo]) -> list[Embedding]:
        decoded = [self.encoder.decode(photo.data, photo.region) for photo in photos]
        return list(map(Embedding, self.encoder.encode_images(decoded)))

    def _all(
        self, names: Sequence[str], asked: Sequence[T], make: Callable[[list[T]], list[Embedding]]
    ) -> list[Embedding]:
        keys = list(map(self._key, names))
        known = {key: found for key in keys if (found := self._find(key)) is not None}
        missing = {key: each for key, each in zip(keys, asked, strict=True) if key not in known}
        self._count(hits=len(keys) - len(missing), misses=len(missing))
        made = dict(zip(missing, make(list(missing.values())), strict=True)) if missing else {}
        for key, embedding in made.items():
            self._keep(key, embedding)
        return [(known | made)[key] for key in keys]

    def _key(self, name: str) -> str:
        return f"{self.encoder.model.fingerprint}:{name}"

    def _count(self, *, hits: int = 0, misses: int = 0) -> None:
        with self._lock:
            self.counts.hits += hits
            self.counts.misses += misses
        mark("cache", "miss" if misses else "hit")

    def _keep(self, key: str, embedding: Embedding) -> None:
        for cache in self.caches:
            cache.put(key, embedding)

    def _remembered(self, name: str, make: Callable[[], Embedding]) -> Embedding:
        key = self._key(name)
        found = self._find(key)
        self._count(hits=found is not None, misses=found is None)
        return found if found is not None else self._made_once(key, make)

    def _find(self, key: str) -> Embedding | None:
        for at, cache in enumerate(self.caches):
            found = cache.get(key)
            if found is not None:
                for nearer in self.caches[:at]:
                    nearer.put(key, found)
                return found
        return None

    def _made_once(self, key: str, make: Callable[[], Embedding]) -> Embedding:
        """Of several who want the same at one time, the first one makes it for all."""
        with self._lock:
            others = self._under_way.get(key)
            mine = Future[Embedding]()
            if others is None:
                self._under_way[key] = mine
        if others is not None:
            return others.result()
        try:
            mine.set_result(make())
        except BaseException as exc:
            mine.set_exception(exc)
        finally:
            if mine.exception() is None:
                self._keep(key, mine.result())
            with self._lock:
                del self._under_way[key]
        return mine.result()


def _plain(text: str) -> str:
    """What looks the same is the same."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _text_name(text: str) -> str:
    return "text:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _photo_name(photo: Photo) -> str:
    digest = hashlib.sha256(photo.data)
    if photo.region is not None:
        digest.update(repr(photo.region).encode())
    return "image:" + digest.hexdigest()
