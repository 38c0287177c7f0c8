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

MAX_BATCH = 32
"""As many messages as a storage queue gives at once."""


class Refused(Exception):
    """The host cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class BlobOptions:
    """``extensions.blobs`` of host.json, with the host's defaults."""

    parallelism: int = 8 * (os.cpu_count() or 1)
    attempts: int = 5

    def queue_options(self, *, base64: bool) -> QueueOptions:
        """How the host listens to its own queue for blobs: it splits the parallelism into a batch
        and a threshold, so that 2 is a batch of two, and the next when both are done."""
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
    """Before the next attempt at a message whose function failed."""
    longest_pause_s: float = 2.0  # between looks; Azure's minute is too long to watch
    base64: bool = True

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> QueueOptions:
        default = cls()
        batch = int(settings.get("batchSize", default.batch_size))
        return cls(
            batch,
            int(settings.get("newBatchThreshold", batch // 2)),
            int(settings.get("maxDequeueCount", default.max_dequeue_count)),
            _seconds(settings.get("visibilityTimeout"), default.visibility_timeout_s),
            _seconds(settings.get("maxPollingInterval"), default.longest_pause_s),
            str(settings.get("messageEncoding", "base64")).lower() != "none",
        )


@dataclass(frozen=True, slots=True)
class DurableOptions:
    """``extensions.durableTask`` of host.json; Azure's default is 10 per core for both."""

    activities: int = 10
    orchestrators: int = 10
    hub: str = "TestHubName"

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> DurableOptions:
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
    """Whose pages may read answers: ``Host.CORS`` of local.settings.json."""

    @classmethod
    def load(cls, folder: Path) -> Project:
        """Reads host.json, and puts the values of local.settings.json into the environment."""
        host = _json_object(folder / "host.json")
        if host is None:
            raise Refused(f"there is no host.json in {folder}: is this the app's folder?")
        extensions = host.get("extensions", {})
        blobs = extensions.get("blobs", {})
        default = BlobOptions()
        local = _local_settings(folder / "local.settings.json")
        return cls(
            folder,
            str(extensions.get("http", {}).get("routePrefix", "api")).strip("/"),
            BlobOptions(
                int(blobs.get("maxDegreeOfParallelism", default.parallelism)),
                int(blobs.get("poisonBlobThreshold", default.attempts)),
            ),
            QueueOptions.of(extensions.get("queues", {})),
            DurableOptions.of(extensions.get("durableTask", {})),
            tuple(filter(None, map(str.strip, str(local.get("CORS") or "").split(",")))),
        )

    def load_app(self) -> FunctionRegister:
        """Imports function_app.py with the app's folder as working directory."""
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        if not (self.folder / "function_app.py").is_file():
            raise Refused(f"there is no function_app.py in {self.folder}")
        try:
            module = importlib.import_module("function_app")
        except (Exception, SystemExit) as exc:
            traceback.print_exc()
            raise Refused(
                f"function_app.py cannot be imported ({type(exc).__name__}: {exc}).\n"
                "In Azure the app would start with no functions at all."
            ) from exc
        return _the_app(module)


def _the_app(module: ModuleType) -> FunctionRegister:
    apps = {id(v): v for v in vars(module).values() if isinstance(v, FunctionRegister)}
    if len(apps) != 1:
        found = "more than one" if apps else "no"
        raise Refused(
            f"function_app.py has {found} top-level {func.FunctionApp.__name__}: Azure wants one."
        )
    return next(iter(apps.values()))


def _local_settings(path: Path) -> Mapping[str, Any]:
    """Puts its values into the environment, which wins, as with Core Tools; returns its part
    for the host."""
    settings = _json_object(path) or {}
    if settings.get("IsEncrypted"):
        raise Refused("local.settings.json is encrypted: run `func settings decrypt` first.")
    for name, value in settings.get("Values", {}).items():
        if not isinstance(value, str):
            raise Refused(f"local.settings.json: the value of {name} must be a string.")
        os.environ.setdefault(name, value)
    host: Mapping[str, Any] = settings.get("Host", {})
    return host


def _seconds(span: Any, default: float) -> float:
    """``hh:mm:ss``, as host.json writes a time span."""
    if span is None:
        return default
    try:
        hours, minutes, seconds = (float(part) for part in str(span).split(":"))
    except ValueError as exc:
        raise Refused(f"host.json: {span!r} must be a time span such as 00:00:30.") from exc
    return 3600 * hours + 60 * minutes + seconds


def _json_object(path: Path) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return None
    except ValueError as exc:
        raise Refused(f"{path.name} is not valid JSON: {exc}") from exc
    if not isinstance(parsed, dict):
        raise Refused(f"{path.name} must hold a JSON object.")
    return parsed
