"""``python -m tests.slow_store``: the development host on a store that takes twenty seconds to
read a blob whose name begins with "slow"."""

import sys
import time
from typing import Any

from devhost.__main__ import parse_options
from devhost.server import run
from shared_code.app import App, use_models
from shared_code.domain.ports import Blob, BlobStore
from shared_code.reindex.model_switch import ModelSwitch
from shared_code.settings import Settings

SLOW_S = 20.0


class SlowStore:
    """Passes every call to the store, and reads such blobs slowly."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read(self, name: str) -> Blob | None:
        if name.startswith("slow"):
            time.sleep(SLOW_S)
        return self._store.read(name)


if __name__ == "__main__":
    app = App(Settings.from_env())
    app.adapters.images = SlowStore(app.images)
    use_models(ModelSwitch(app))
    sys.exit(run(parse_options(__doc__ or "")))
