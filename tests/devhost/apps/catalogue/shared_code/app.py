from pathlib import Path
from types import SimpleNamespace


class FolderStore:
    root = Path(".local/storage/images")

    def read(self, name):
        path = self.root / name
        return SimpleNamespace(data=path.read_bytes()) if path.exists() else None

    def write(self, name, data, *, content_type):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def current_app():
    return SimpleNamespace(images=FolderStore())


def close_app():
    pass
