"""The collections of an alias on a Qdrant server, and where it leads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qdrant_client import QdrantClient, models

from shared_code.adapters.breaker import CircuitBreaker
from shared_code.adapters.qdrant.cloud.link import Call, CollectionGone, QdrantLink

if TYPE_CHECKING:
    from collections.abc import Callable


class CloudCollections:
    def __init__(self, connect: Callable[[], QdrantClient], alias: str) -> None:
        self._alias = alias
        self._link = QdrantLink(connect, _nothing_to_set_up, time.sleep, CircuitBreaker("Qdrant"))

    def serving(self) -> str | None:
        found = self._link.call(lambda client: client.get_aliases()).aliases
        return next((a.collection_name for a in found if a.alias_name == self._alias), None)

    def names(self) -> list[str]:
        found = self._link.call(lambda client: client.get_collections()).collections
        return sorted(each.name for each in found if each.name.startswith(f"{self._alias}__"))

    def serve(self, name: str) -> None:
        new = models.CreateAlias(collection_name=name, alias_name=self._alias)
        # both in one request: no reader finds the alias leading nowhere
        changes: list[models.AliasOperations] = [models.CreateAliasOperation(create_alias=new)]
        if self.serving() is not None:
            old = models.DeleteAlias(alias_name=self._alias)
            changes.insert(0, models.DeleteAliasOperation(delete_alias=old))
        self._link.call(lambda client: client.update_collection_aliases(changes))

    def drop(self, name: str) -> None:
        try:
            self._link.call(lambda client: client.delete_collection(name))
        except CollectionGone:
            return


def _nothing_to_set_up(client: QdrantClient, call: Call) -> None:
    pass
