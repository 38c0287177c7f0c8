"""Collections in memory: indexes by name, and the name that the alias points to."""

from tests.twins.index import MemoryIndex


class MemoryCollections:
    def __init__(self) -> None:
        self.indexes: dict[str, MemoryIndex] = {}
        self._serving: str | None = None

    def make_index(self, name: str, *, is_built: bool = False) -> MemoryIndex:
        """Returns the index of this name; ``is_built``: it is filled beside the one that serves."""
        index = self.indexes.setdefault(name, MemoryIndex(name))
        if self._serving is None and not is_built:
            self._serving = name
        return index

    def serving(self) -> str | None:
        return self._serving

    def names(self) -> list[str]:
        return sorted(self.indexes)

    def serve(self, name: str) -> None:
        self._serving = name

    def drop(self, name: str) -> None:
        self.indexes.pop(name, None)
