"""The app's folder: host.json, local.settings.json and function_app.py, as Azure reads them."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func
from azure.functions.decorators.function_app import FunctionRegister

from cli import InvalidLocalSettings, load_local_settings

MAX_BATCH = 32
"""The most messages that a storage queue hands out at once."""


class StartupError(Exception):
    """The host cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class BlobOptions:
    """``extensions.blobs`` of host.json, with the host's defaults."""

    parallelism: int = 8 * (os.cpu_count() or 1)
    attempts: int = 5

    def queue_options(self, *, base64: bool) -> QueueOptions:
        """Returns how the host listens to its own queue for blobs: it splits the parallelism into a
        batch and a threshold, so that 2 means a batch of two, and the next when both are done."""
        batch = min(MAX_BATCH, self.parallelism // 2 + 1)
        return QueueOptions(
            batch, self.parallelism - batch, max_dequeue_count=self.attempts, base64=base64
        )


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """``extensions.queues`` of host.json, with the host's defaults."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout_s: float = 0.0
    """Pause before the next attempt at a message whose function failed."""
    longest_pause_s: float = 2.0  # between two polls; Azure's minute is too long to wait for
    base64: bool = True

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> QueueOptions:
        default = cls()
        batch = int(settings.get("batchSize", default.batch_size))
        return cls(
            batch,
            int(settings.get("newBatchThreshold", batch // 2)),
            int(settings.get("maxDequeueCount", default.max_dequeue_count)),
            _parse_seconds(settings.get("visibilityTimeout"), default.visibility_timeout_s),
            _parse_seconds(settings.get("maxPollingInterval"), default.longest_pause_s),
            str(settings.get("messageEncoding", "base64")).lower() != "none",
        )


@dataclass(frozen=True, slots=True)
class DurableOptions:
    """``extensions.durableTask`` of host.json; Azure's default is 10 per core for both."""

    activities: int = 10
    orchestrators: int = 10
    hub: str = "TestHubName"

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> DurableOptions:
        default = cls()
        return cls(
            int(settings.get("maxConcurrentActivityFunctions", default.activities)),
            int(settings.get("maxConcurrentOrchestratorFunctions", default.orchestrators)),
            str(settings.get("hubName", default.hub)),
        )


@dataclass(frozen=True, slots=True)
class Project:
    folder: Path
    route_prefix: str
    blobs: BlobOptions
    queues: QueueOptions = QueueOptions()
    durable: DurableOptions = DurableOptions()
    origins: tuple[str, ...] = ()
    """Origins whose pages may read responses: ``Host.CORS`` of local.settings.json."""

    @classmethod
    def load(cls, folder: Path) -> Project:
        """Reads host.json, and puts the values of local.settings.json into the environment."""
        extensions = _read_host_json(folder / "host.json").get("extensions", {})
        blobs = extensions.get("blobs", {})
        default = BlobOptions()
        try:
            local = load_local_settings(folder)
        except InvalidLocalSettings as exc:
            raise StartupError(str(exc)) from exc
        return cls(
            folder,
            str(extensions.get("http", {}).get("routePrefix", "api")).strip("/"),
            BlobOptions(
                int(blobs.get("maxDegreeOfParallelism", default.parallelism)),
                int(blobs.get("poisonBlobThreshold", default.attempts)),
            ),
            QueueOptions.from_json(extensions.get("queues", {})),
            DurableOptions.from_json(extensions.get("durableTask", {})),
            tuple(filter(None, map(str.strip, str(local.get("CORS") or "").split(",")))),
        )

    def load_app(self) -> FunctionRegister:
        """Imports function_app.py with the app's folder as working directory."""
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        if not (self.folder / "function_app.py").is_file():
            raise StartupError(f"there is no function_app.py in {self.folder}")
        try:
            module = importlib.import_module("function_app")
        except (Exception, SystemExit) as exc:
            traceback.print_exc()
            raise StartupError(
                f"function_app.py cannot be imported ({type(exc).__name__}: {exc}).\n"
                "In Azure the app would start with no functions at all."
            ) from exc
        return _find_app(module)


def _find_app(module: ModuleType) -> FunctionRegister:
    apps = {id(v): v for v in vars(module).values() if isinstance(v, FunctionRegister)}
    if len(apps) != 1:
        number = "more than one" if apps else "no"
        raise StartupError(
            f"function_app.py has {number} top-level {func.FunctionApp.__name__}: Azure wants one."
        )
    return next(iter(apps.values()))


def _parse_seconds(span: Any, default: float) -> float:
    """Reads ``hh:mm:ss``, as host.json writes a time span."""
    if span is None:
        return default
    try:
        hours, minutes, seconds = (float(part) for part in str(span).split(":"))
    except ValueError as exc:
        raise StartupError(f"host.json: {span!r} must be a time span such as 00:00:30.") from exc
    return 3600 * hours + 60 * minutes + seconds


def _read_host_json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as exc:
        raise StartupError(
            f"there is no host.json in {path.parent}: is this the app's folder?"
        ) from exc
    except ValueError as exc:
        raise StartupError(f"host.json is not valid JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise StartupError("host.json must hold a JSON object.")
    return content
