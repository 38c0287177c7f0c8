"""Makes a Qdrant server's collection what its spec says. May run twice, or be cut off anywhere:
the alias is made last, and every step looks first at what is there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from shared_code.adapters.qdrant.cloud.link import Call, CollectionGone, NotAllowed, not_qdrant
from shared_code.adapters.qdrant.layout import write_consistency_for
from shared_code.adapters.qdrant.points import KINDS, LEXICAL, CollectionSpec
from shared_code.domain.errors import Misconfigured

log = logging.getLogger(__name__)

DISTANCES = {"cosine": models.Distance.COSINE, "euclid": models.Distance.EUCLID}
_INT8 = models.ScalarQuantization(
    scalar=models.ScalarQuantizationConfig(
        type=models.ScalarType.INT8,
        quantile=0.99,  # the few components beyond it would cost all the others their precision
        always_ram=True,
    )
)


class Setup:
    """Two requests when everything is in place."""

    def __init__(self, client: QdrantClient, spec: CollectionSpec, call: Call) -> None:
        self._client = client
        self._spec = spec
        self._call = call

    def run(self) -> None:
        try:
            target = self.alias_target()
            if target is not None:
                self._spec.check_alias(target)
            if target != self._spec.name and not self._exists():
                self._create()
            self._adjust()
            if target is None and not self._spec.is_built:
                self._create_alias()
        except CollectionGone as exc:  # 404 for an address that every Qdrant has
            raise not_qdrant() from exc

    def alias_target(self) -> str | None:
        """The collection that the alias leads to; None: there is no such alias."""
        found = self._call(self._client.get_aliases).aliases
        return next((a.collection_name for a in found if a.alias_name == self._spec.alias), None)

    def _exists(self) -> bool:
        return bool(self._call(lambda: self._client.collection_exists(self._spec.name)))

    def _create(self) -> None:
        distance = DISTANCES[self._spec.distance]
        layout, replication = self._spec.layout, self._spec.replication
        vectors = models.VectorParams(
            size=self._spec.model.dimension,
            distance=distance,
            on_disk=layout.originals_on_disk,  # servers of a year ago know no ``memory``
        )
        words = models.SparseVectorParams(modifier=models.Modifier.IDF)
        try:
            self._call(
                lambda: self._client.create_collection(
                    self._spec.name,
                    vectors_config=dict.fromkeys(KINDS, vectors),
                    sparse_vectors_config={LEXICAL: words},
                    hnsw_config=models.HnswConfigDiff(ef_construct=layout.ef_construct),
                    quantization_config=_INT8 if layout.int8 else None,
                    # None is not sent: the server has defaults of its own
                    shard_number=self._spec.shards or None,
                    replication_factor=replication or None,
                    write_consistency_factor=(
                        write_consistency_for(replication) if replication > 1 else None
                    ),
                )
            )
        except NotAllowed as exc:
            raise NotAllowed(
                f"There is no collection {self._spec.name!r} yet, and the key in QDRANT_API_KEY "
                "may not make it: let an app with a key that manages the cluster make it first, "
                "by indexing one picture, or give this one such a key."
            ) from exc
        except UnexpectedResponse:
            if not self._exists():  # else another process made it meanwhile
                raise

    def _adjust(self) -> None:
        """Payload indexes before any point: only then does the graph get edges for filters."""
        info = self._call(lambda: self._client.get_collection(self._spec.name))
        vectors = info.config.params.vectors
        if vectors[KINDS[0]].distance != DISTANCES[self._spec.distance]:
            raise self._spec.wrong_distance()
        if any(vectors[kind].size != self._spec.model.dimension for kind in KINDS):
            raise self._spec.wrong_dimension()
        if LEXICAL not in (info.config.params.sparse_vectors or {}):
            raise self._spec.no_words()
        for key, kind in self._spec.indexes.items():
            held = info.payload_schema.get(key)
            if held is None or held.data_type != kind:  # one of another type is replaced
                self._change(f"index {key}", partial(self._create_index, key, kind))
        int8 = self._spec.layout.int8
        if int8 is not None and int8 != (info.config.quantization_config is not None):
            self._change("change the quantisation", lambda: self._quantize(int8=int8))

    def _change(self, what: str, change: Callable[[], None]) -> None:
        """Of what searches do without: an app whose key only reads goes on searching."""
        try:
            change()
        except NotAllowed:
            log.warning(
                "the key in QDRANT_API_KEY may not %s of the collection %s: an app with a key that "
                "may has to start first",
                what,
                self._spec.name,
            )

    def _create_index(self, key: str, kind: str) -> None:
        schema = models.PayloadSchemaType(kind)
        self._call(lambda: self._client.create_payload_index(self._spec.name, key, schema))

    def _quantize(self, *, int8: bool) -> None:
        wanted = _INT8 if int8 else models.Disabled.DISABLED
        self._call(
            lambda: self._client.update_collection(self._spec.name, quantization_config=wanted)
        )

    def _create_alias(self) -> None:
        alias = models.CreateAlias(collection_name=self._spec.name, alias_name=self._spec.alias)
        operation = models.CreateAliasOperation(create_alias=alias)
        try:
            self._call(lambda: self._client.update_collection_aliases([operation]))
        except NotAllowed as exc:
            raise NotAllowed(
                f"The collection {self._spec.name!r} has no alias {self._spec.alias!r} yet, and "
                "the key in QDRANT_API_KEY may not make it: that takes one that manages the "
                "cluster."
            ) from exc
        except UnexpectedResponse as exc:
            raise Misconfigured(
                f"Qdrant refuses the alias {self._spec.alias!r}, probably because a collection "
                "has that name: set QDRANT_COLLECTION to another."
            ) from exc
        # a process with another model may have been faster
        self._spec.check_alias(self.alias_target() or self._spec.name)
