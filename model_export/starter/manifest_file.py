"""Reads and replaces a bundle's manifest.json."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


def read_manifest(bundle: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
    return content


def write_manifest(bundle: Path, content: dict[str, Any]) -> None:
    """A reader sees the old file or the new one, never a part."""
    partial = bundle / f".{MANIFEST}"
    partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, bundle / MANIFEST)
