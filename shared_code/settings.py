"""Every setting of the app, in one frozen table: the only reader of the environment.

The field ``qdrant_url`` is the app setting ``QDRANT_URL``. All problems are reported
together, in one message, so that a wrong deployment is put right in one go.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared_code.domain.errors import Misconfigured
from shared_code.domain.filters import FieldType
from shared_code.domain.vector_index import Distance, Quantization
from shared_code.settings_values import (
    PARSERS,
    Cron,
    LogFormat,
    TriggerSource,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults are the embedded ones: nothing outside this folder is needed to try the app."""

    model_dir: Path = Path("models/starter")
    """The model bundle to serve."""
    next_model_dir: Path = Path()
    """The bundle to move to, or the one moved from: of the two, the one serves whose collection the
    alias leads to. Empty: there is but one. See POST reindex."""

    qdrant_url: str = ""
    """Qdrant Cloud; empty: Qdrant's engine embedded in this process, in ``qdrant_path``."""
    qdrant_api_key: str = field(default="", repr=False)
    qdrant_collection: str = "products"
    """The alias that searches use; collections are named after it and the model."""
    qdrant_distance: Distance = "cosine"
    """Vectors have unit length, so both rank alike; scores are cosines either way."""
    qdrant_quantization: Quantization = "auto"
    """auto: int8 where EXPECTED_VECTORS do not fit into 1 GB; as it is, if they are not said."""
    expected_vectors: int = 0
    """Pictures and texts that the collection is made for; 0: not said, so small."""
    qdrant_timeout_s: float = 5.0
    """One attempt. A caller of HTTP waits for one, an event for three."""
    qdrant_path: Path = Path()
    """Where the embedded index lives; empty: ``qdrant`` under ``local_dir``."""
    filterable_fields: Mapping[str, FieldType] = field(
        default_factory=lambda: {
            "category": "keyword",
            "colour": "keyword",
            "brand": "keyword",
            "price": "number",
            "in_stock": "bool",
        }
    )
    """Metadata fields that filters may use, each with its payload index."""

    local_dir: Path = Path(".local")
    """Root of everything the embedded defaults keep."""
    azurewebjobsstorage: str = field(default="", repr=False)
    """Connection string of the storage account; empty: folders under ``local_dir``."""
    azurewebjobsstorage__blobserviceuri: str = ""
    """Set by Azure instead of the connection string when a managed identity is used."""
    azurewebjobsstorage__queueserviceuri: str = ""
    """Where the account's queues are; empty: where the blobs are, with ``.queue.`` in the name."""
    azurewebjobsstorage__tableserviceuri: str = ""
    """Where the account's tables are; empty: where the blobs are, with ``.table.`` in the name."""
    azurewebjobsstorage__clientid: str = ""
    """The user-assigned managed identity; empty: the default credential chain."""
    images_container: str = "images"
    failures_container: str = "index-failures"
    """What could not be indexed, one small JSON blob each: survives restarts, no new service."""
    thumbnails_container: str = "thumbnails"
    """Small copies of the pictures; may be emptied at any time, they are made again."""
    state_container: str = "state"
    """How far a reconcile has come, so that one cut short goes on; what bulk jobs have in work."""
    feeds_container: str = "feeds"
    """Catalogue feeds: those that were posted, and large ones put there by other tools."""
    allow_image_urls: bool = False
    """Pictures that feeds name by URL are fetched; only from public https servers."""
    bulk_chunk: int = 64
    """Items of one activity of a bulk job: some seconds of work, which is what a lost instance
    costs, and a hundred times what it costs to schedule one."""
    bulk_segments: int = 8
    """Segments of 1,000 items that a bulk job has in work at one time: enough for some 60
    instances; fewer leave more room for other jobs."""
    users_table: str = "users"
    """Saved searches and preferences: a table of the storage account, or a folder."""
    reconcile_cron: Cron = ""
    """NCRONTAB, six fields, UTC: when container and index are compared; empty: only by hand."""
    blob_trigger_source: TriggerSource = "LogsAndContainerScan"
    """Queue in Azure: Event Grid puts all events of the container on the queue ``blob-events``. The
    others are the blob trigger's own: the scan, or EventGrid by the host's webhook."""
    event_patience_h: float = 24.0
    """For how many hours a look that meets an outage is put off before it becomes a failure: a
    night and the morning after it. Event Grid, too, gives up after a day."""

    max_upload_mb: int = 20
    """Per request and per dropped blob. The app holds a request's body once (benchmarks/memory)."""
    max_image_pixels: int = 50_000_000
    """Per picture: 150 MB once decoded. A 12-megapixel photo is far below it."""

    malloc_arena_max: int = 2
    """Arenas of glibc's allocator, which keep what threads have freed; 0: as many as it likes. With
    2, most of what large uploads took is given back, at no cost in time (benchmarks/memory)."""

    ort_threads: int = 0
    """0: as many as there are vCPUs; change it from benchmarks/encode.py, not by feel."""
    ort_providers: tuple[str, ...] = ("CPUExecutionProvider",)
    """onnxruntime's execution providers in the order in which they are tried; a GPU needs another
    build of onnxruntime and a bundle in fp16 (docs/deploy.md)."""
    encode_concurrency: int = 2
    """Encodes at one time; more of them would only share the same cores. 1: each has all cores;
    more: one beside another has one core, and weights of its own."""
    encode_queue: int = 64
    """Callers who may wait for their turn; more are told 429. A text takes 3 ms, a picture 10."""
    model_wait_s: float = 5.0
    """How long a request waits while the model loads, which takes 1.2 s in a cold start; then
    text searches are answered by words alone."""
    cache_mb: int = 16
    """Of embeddings of queries, in this process: some 6,000 of 512 dimensions. 0: none."""
    redis_url: str = field(default="", repr=False)
    """rediss://…: embeddings of queries are shared by all instances; empty: each has its own."""

    opentelemetry: bool = False
    """Traces and metrics of the app go to Application Insights; the host's own go there anyway."""
    applicationinsights_connection_string: str = field(default="", repr=False)
    """Set by Azure. How to sign in is in APPLICATIONINSIGHTS_AUTHENTICATION_STRING, which the
    exporter reads itself, as the host does."""
    log_format: LogFormat = "text"
    """json: one object per line, with the request's id, and without the text of exceptions."""

    public_search: bool = False
    """Searches, facets and the reading of products and pictures need no key; all else does."""

    @property
    def has_next_model(self) -> bool:
        return self.next_model_dir != Path()

    def turned_round(self) -> Settings:
        """With the next model in the place of this one, and this one as the next."""
        return replace(self, model_dir=self.next_model_dir, next_model_dir=self.model_dir)

    @property
    def storage_dir(self) -> Path:
        """One folder per container, when no storage account is set."""
        return self.local_dir / "storage"

    @property
    def queues_dir(self) -> Path:
        """One file per queue, when no storage account is set."""
        return self.local_dir / "queues"

    @property
    def embedded_index_dir(self) -> Path:
        return self.local_dir / "qdrant" if self.qdrant_path == Path() else self.qdrant_path

    @property
    def uses_storage_account(self) -> bool:
        return bool(self.azurewebjobsstorage or self.azurewebjobsstorage__blobserviceuri)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads the app settings; an empty value means the default.

        Raises Misconfigured with one line for each wrong value.
        """
        values, problems = _parse(environ, [item.name for item in fields(cls)])
        settings = cls(**values)
        problems += settings._inconsistencies()
        if problems:
            raise Misconfigured("Wrong settings:\n  " + "\n  ".join(problems))
        return settings

    def _inconsistencies(self) -> list[str]:
        problems = []
        containers = [getattr(self, name) for name in _NAMES if name.endswith("_container")]
        if len(set(containers)) < len(containers):
            problems.append(f"{', '.join(containers)}: each container must have a name of its own")
        if self.redis_url and not self.redis_url.startswith(("redis://", "rediss://")):
            problems.append("REDIS_URL: must start with rediss:// (or redis:// for a local server)")
        if self.opentelemetry and not self.applicationinsights_connection_string:
            problems.append(
                "OPENTELEMETRY: APPLICATIONINSIGHTS_CONNECTION_STRING must say where to"
            )
        if self.qdrant_url and not self.qdrant_url.startswith(("http://", "https://")):
            problems.append("QDRANT_URL: must start with https:// (or http:// for a local server)")
        if not self.qdrant_url and not has_embedded_engine():
            problems.append(
                "QDRANT_URL: must name your Qdrant server, https://…; it is empty, and the "
                "embedded engine (qdrant-edge-py) is not installed here"
            )
        return problems


def has_embedded_engine() -> bool:
    """Returns whether Qdrant's embedded engine is installed. It is looked for, not imported."""
    return find_spec("qdrant_edge") is not None


@dataclass(frozen=True, slots=True)
class TriggerSettings:
    """What the registration of triggers needs when the app is imported."""

    container: str
    source: TriggerSource
    reconcile_cron: Cron
    """Empty: no timer is registered."""
    public_search: bool


def trigger_settings(environ: Mapping[str, str] | None = None) -> TriggerSettings:
    """Never raises: an exception at import would make the whole app disappear in Azure.

    Values are parsed as by ``Settings.from_env``. A wrong one falls back to the default here and is
    reported there; so a mistyped PUBLIC_SEARCH keeps the keys.
    """
    values, _ = _parse(environ, _READ_AT_IMPORT)
    settings = Settings(**values)
    return TriggerSettings(
        container=settings.images_container,
        source=settings.blob_trigger_source,
        reconcile_cron=settings.reconcile_cron,
        public_search=settings.public_search,
    )


_READ_AT_IMPORT = ("images_container", "blob_trigger_source", "reconcile_cron", "public_search")


def _parse(
    environ: Mapping[str, str] | None, names: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Returns the values of the settings that are set, by field, and what is wrong with others.

    Spaces around a value do not count, nor does the case of a setting's name.
    """
    environ = os.environ if environ is None else environ
    texts = {name.upper(): text.strip() for name, text in environ.items()}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name in names:
        text = texts.get(name.upper(), "")
        if not text:
            continue
        try:
            values[name] = _parse_one(name, text)
        except ValueError as exc:
            problems.append(f"{setting_name(name)}={text!r}: {exc}")
    return values, problems


def _parse_one(name: str, text: str) -> Any:
    """Raises ValueError that says what the value must be."""
    value = PARSERS[_TYPES[name]](text)
    if name in _AT_LEAST and value < _AT_LEAST[name]:
        raise ValueError(f"must be at least {_AT_LEAST[name]}")
    if name in _NAMES:
        pattern, what = _NAMES[name]
        if not re.fullmatch(pattern, value):
            raise ValueError(f"may hold {what} only")
    return value


_TYPES = {item.name: str(item.type) for item in fields(Settings)}


def setting_name(field_name: str) -> str:
    """The app setting of a field: upper case, except Azure's own mixed-case names."""
    return _AZURE_NAMES.get(field_name, field_name.upper())


_AZURE_NAMES = {
    "azurewebjobsstorage": "AzureWebJobsStorage",
    "azurewebjobsstorage__blobserviceuri": "AzureWebJobsStorage__blobServiceUri",
    "azurewebjobsstorage__queueserviceuri": "AzureWebJobsStorage__queueServiceUri",
    "azurewebjobsstorage__tableserviceuri": "AzureWebJobsStorage__tableServiceUri",
    "azurewebjobsstorage__clientid": "AzureWebJobsStorage__clientId",
}

_COLLECTION_NAME = (r"[A-Za-z0-9_-]{1,200}", "letters, digits, _ and -")
_CONTAINER_NAME = (r"[a-z0-9](?:-?[a-z0-9]){2,62}", "3 to 63 lower-case letters, digits and -")
_TABLE_NAME = (r"[A-Za-z][A-Za-z0-9]{2,62}", "3 to 63 letters and digits, a letter first,")
_NAMES = {
    "qdrant_collection": _COLLECTION_NAME,
    "images_container": _CONTAINER_NAME,
    "failures_container": _CONTAINER_NAME,
    "thumbnails_container": _CONTAINER_NAME,
    "state_container": _CONTAINER_NAME,
    "feeds_container": _CONTAINER_NAME,
    "users_table": _TABLE_NAME,
}

_AT_LEAST = {
    "bulk_chunk": 1,
    "bulk_segments": 1,
    "max_upload_mb": 1,
    "max_image_pixels": 1_000,
    "malloc_arena_max": 0,
    "ort_threads": 0,
    "encode_concurrency": 1,
    "encode_queue": 0,
    "model_wait_s": 0,
    "cache_mb": 0,
    "qdrant_timeout_s": 0.1,
    "expected_vectors": 0,
    "event_patience_h": 0,
}
