"""Opens the embedded engine's shard once, on first use, for all threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import qdrant_edge as edge

from shared_code.adapters.qdrant.edge.folder import IndexFolder
from shared_code.adapters.qdrant.lexical import document_vector
from shared_code.adapters.qdrant.points import KINDS, LEXICAL, CollectionSpec, product_of
from shared_code.domain.errors import Unavailable

_DISTANCES = {"cosine": edge.Distance.Cosine, "euclid": edge.Distance.Euclid}


class LazyShard:
    """Until ``close`` no other process can open the folder."""

    def __init__(self, root: Path, spec: CollectionSpec) -> None:
        self._folder = IndexFolder(root, spec)
        self._spec = spec
        self._lock = threading.Lock()
        self._shard: edge.EdgeShard | None = None
        self._is_closed = False

    def get(self) -> edge.EdgeShard:
        shard = self._shard
        if shard is not None:
            return shard
        with self._lock:  # two requests may both find it closed
            if self._is_closed:
                raise Unavailable("The index was closed.")
            if self._shard is None:
                self._shard = self._opened()
            return self._shard

    def close(self) -> None:
        """Flushes, and lets the next process in."""
        with self._lock:
            self._is_closed = True
            shard, self._shard = self._shard, None
            if shard is not None:
                with translated():
                    shard.close()
                self._folder.release()

    def _opened(self) -> edge.EdgeShard:
        self._folder.acquire()
        try:
            with translated():
                return self._loaded()
        except BaseException:
            self._folder.release()
            raise

    def _loaded(self) -> edge.EdgeShard:
        """Opens the shard, or makes it; either may have been cut off by a kill before."""
        params = edge.EdgeVectorParams(
            size=self._spec.model.dimension, distance=_DISTANCES[self._spec.distance]
        )
        dense: dict[str, edge.EdgeVectorParams] = {kind: params for kind in KINDS}
        words = edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)
        try:
            shard = self._loaded_with(edge.EdgeConfig(dense, {LEXICAL: words}))
        except Exception as exc:
            if "expected vector storages" not in str(exc):
                raise
            shard = self._loaded_with(edge.EdgeConfig(dense))
            idf = edge.Modifier.Idf
            shard.update(edge.UpdateOperation.create_sparse_vector(LEXICAL, idf))
        _add_words(shard)
        indexed = shard.info().payload_schema
        for key, kind in self._spec.indexes.items():
            schema = getattr(edge.PayloadSchemaType, kind.capitalize())
            # one of another type is replaced
            if key not in indexed or indexed[key].data_type != schema:
                shard.update(edge.UpdateOperation.create_field_index(key, schema))
        return shard

    def _loaded_with(self, config: edge.EdgeConfig) -> edge.EdgeShard:
        try:
            return edge.EdgeShard.load(str(self._folder.shard), config)
        except Exception as exc:
            if "expected distance" in str(exc):
                raise self._spec.wrong_distance() from exc
            if "expected vector size" in str(exc):
                raise self._spec.wrong_dimension() from exc
            raise


def _add_words(shard: edge.EdgeShard) -> None:
    """To texts written before there was a search by words, or while a kill cut this off."""
    texts = edge.FieldCondition("kind", edge.MatchAny(any=["text"]))
    bare = edge.Filter(must=[texts], must_not=[edge.HasVectorCondition(LEXICAL)])
    start = None
    while True:
        records, start = shard.scroll(edge.ScrollRequest(start, 1000, bare, with_payload=True))
        made = [
            edge.PointVectors(record.id, {LEXICAL: edge.SparseVector(*words)})
            for record in records
            if (words := document_vector(product_of(record.payload or {}))).indices
        ]
        if made:
            shard.update(edge.UpdateOperation.update_vectors(made))
        if start is None:
            return


@contextmanager
def translated() -> Iterator[None]:
    """The engine raises bare Exceptions; these two are failures of the disk or of the shard."""
    try:
        yield
    except Exception as exc:
        if type(exc) is Exception and str(exc).startswith(("Service runtime error", "Out of")):
            raise Unavailable("The embedded index failed; the log says why.") from exc
        raise
