"""Reads local.settings.json as Core Tools do, for whatever runs the app's code on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class InvalidLocalSettings(Exception):
    """local.settings.json cannot be used; the message says why and what to do."""


def load_local_settings(folder: Path) -> Mapping[str, Any]:
    """Puts the file's ``Values`` into the environment, whose own values win, and returns its
    ``Host`` section. A missing file is an empty one. Raises InvalidLocalSettings."""
    settings = _read_settings(folder / "local.settings.json")
    if settings.get("IsEncrypted"):
        raise InvalidLocalSettings(
            "local.settings.json is encrypted: run `func settings decrypt` first."
        )
    for name, value in settings.get("Values", {}).items():
        if not isinstance(value, str):
            raise InvalidLocalSettings(
                f"local.settings.json: the value of {name} must be a string."
            )
        os.environ.setdefault(name, value)
    host_section: Mapping[str, Any] = settings.get("Host", {})
    return host_section


def _read_settings(path: Path) -> Mapping[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except ValueError as exc:
        raise InvalidLocalSettings(f"{path.name} is not valid JSON: {exc}") from exc
    if not isinstance(settings, dict):
        raise InvalidLocalSettings(f"{path.name} must hold a JSON object.")
    return settings
