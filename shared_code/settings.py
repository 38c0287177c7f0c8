"""All settings of the app, in one frozen table. Only this module reads the environment.

The field ``qdrant_url`` is the app setting ``QDRANT_URL``. All problems are reported
together, in one message, so that a wrong deployment can be corrected in one go.
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
from shared_code.domain.vectors import Distance, Quantization
from shared_code.settings_values import (
    PARSERS,
    Cron,
    LogFormat,
    TriggerSource,
)

EVENT_QUEUE = "blob-events"
"""Not a setting: the deployment (infra/events.bicep) has Event Grid put its events there."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The defaults need nothing outside this folder: engine and storage are embedded."""

    model_dir: Path = Path("models/starter")
    """The model bundle to serve."""
    next_model_dir: Path = Path()
    """The bundle to change to by POST reindex, or the previous one: the alias points to the
    collection of the one that serves. Empty: there is only one model."""

    qdrant_url: str = ""
    """The Qdrant server; empty: Qdrant's engine inside this process, in ``qdrant_path``."""
    qdrant_api_key: str = field(default="", repr=False)
    qdrant_collection: str = "products"
    """The alias that searches use; collections are named after it and the model."""
    qdrant_distance: Distance = "cosine"
    """Vectors have unit length, so both rank alike; scores are cosines either way."""
    qdrant_quantization: Quantization = "auto"
    """auto: int8 if EXPECTED_VECTORS do not fit into 1 GB; if they are not set, unchanged."""
    expected_vectors: int = 0
    """How many pictures and texts to lay the collection out for; 0: not set, so a small one."""
    qdrant_replication: int = 0
    """Copies of each shard, on as many nodes; 0: the engine's choice. Counts when a collection is
    made, as does ``qdrant_shards``; the embedded index has neither."""
    qdrant_shards: int = 0
    """Shards of a collection, which the nodes share; 0: the engine's choice."""
    qdrant_timeout_s: float = 5.0
    """For one attempt. An HTTP request makes one, an event makes three."""
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
    """The metadata fields that filters may use; each has a payload index."""

    local_dir: Path = Path(".local")
    """The folder for everything that is stored on this machine."""
    azurewebjobsstorage: str = field(default="", repr=False)
    """Connection string of the storage account; empty: folders under ``local_dir``."""
    azurewebjobsstorage__blobserviceuri: str = ""
    """The account's blobs; Azure sets this instead of the connection string for a managed
    identity."""
    azurewebjobsstorage__queueserviceuri: str = ""
    """Where the account's queues are; empty: where the blobs are, with ``.queue.`` in the name."""
    azurewebjobsstorage__tableserviceuri: str = ""
    """Where the account's tables are; empty: where the blobs are, with ``.table.`` in the name."""
    azurewebjobsstorage__clientid: str = ""
    """The user-assigned managed identity; empty: the default credential chain."""
    images_container: str = "images"
    failures_container: str = "index-failures"
    """A small JSON blob for each blob that could not be indexed: it survives restarts and needs no
    other service."""
    thumbnails_container: str = "thumbnails"
    """Small copies of the pictures. They may be deleted at any time, and are made again."""
    state_container: str = "state"
    """How far a reconcile has come, so that it can resume; what bulk jobs are working on."""
    feeds_container: str = "feeds"
    """Catalogue feeds: posted ones, and large ones that other tools put there."""
    allow_image_urls: bool = False
    """Fetch pictures that feeds name by URL, from public https servers only."""
    bulk_chunk: int = 64
    """Items per activity of a bulk job: some seconds of work, which a lost instance has to repeat;
    a hundred times as long as it takes to schedule one."""
    bulk_segments: int = 8
    """Segments of 1,000 items that a bulk job works on at a time: 8 keep some 60 instances busy;
    fewer leave more room for other jobs."""
    users_table: str = "users"
    """Saved searches and preferences: a table of the storage account, or a folder."""
    reconcile_cron: Cron = ""
    """When to compare container and index: NCRONTAB, six fields, UTC; empty: only by hand."""
    blob_trigger_source: TriggerSource = "LogsAndContainerScan"
    """Queue in Azure: Event Grid puts all events of the container on the queue ``blob-events``.
    Otherwise the blob trigger gets new blobs, by a scan or by the host's webhook (EventGrid)."""
    event_patience_h: float = 24.0
    """For how many hours a look is postponed during an outage before it becomes a failure: a night
    and the morning after it. Event Grid gives up after a day, too."""

    max_upload_mb: int = 20
    """Per request and per dropped blob. A request's body is in memory once (benchmarks/memory)."""
    max_image_pixels: int = 50_000_000
    """Per picture: 150 MB once decoded. A 12-megapixel photo is far below it."""

    malloc_arena_max: int = 2
    """Arenas of glibc's allocator, which hold on to freed memory; 0: glibc's own default. With 2,
    most memory of large uploads is given back, at no cost in time (benchmarks/memory)."""

    ort_threads: int = 0
    """0: one per vCPU. Measure with benchmarks/encode.py before you change it."""
    ort_providers: tuple[str, ...] = ("CPUExecutionProvider",)
    """onnxruntime's execution providers, in the order to try them. A GPU needs another build of
    onnxruntime and a bundle in fp16 (docs/deploy.md)."""
    encode_concurrency: int = 2
    """Encodes at the same time. With 1, each has all cores; with 2, an encode beside another has
    one core and a copy of the weights. More would only share the same cores."""
    encode_queue: int = 64
    """How many callers may wait; any more get 429. A text takes 3 ms, a picture 10."""
    model_wait_s: float = 5.0
    """How long a request waits for the model to load, which takes 1.2 s in a cold start. After
    that, text searches use keywords alone."""
    cache_mb: int = 16
    """For cached embeddings of queries in this process: some 6,000 of 512 numbers. 0: no cache."""
    redis_url: str = field(default="", repr=False)
    """rediss://… for a cache that all instances share; empty: each instance has its own."""

    opentelemetry: bool = False
    """Send the app's traces and metrics to Application Insights; the host sends its own anyway."""
    applicationinsights_connection_string: str = field(default="", repr=False)
    """Set by Azure. APPLICATIONINSIGHTS_AUTHENTICATION_STRING says how to sign in; the exporter and
    the host read it themselves."""
    log_format: LogFormat = "text"
    """json: one object per line, with the request's id and without the text of exceptions."""

    public_search: bool = False
    """Searching, facets and reading products and pictures need no key; everything else does."""

    @property
    def has_next_model(self) -> bool:
        return self.next_model_dir != Path()

    def turned_round(self) -> Settings:
        """Returns the settings with the two models swapped."""
        return replace(self, model_dir=self.next_model_dir, next_model_dir=self.model_dir)

    @property
    def storage_dir(self) -> Path:
        """Has one folder per container; used when no storage account is set."""
        return self.local_dir / "storage"

    @property
    def queues_dir(self) -> Path:
        """Has one file per queue; used when no storage account is set."""
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
            problems.append("OPENTELEMETRY: APPLICATIONINSIGHTS_CONNECTION_STRING must be set, too")
        if self.qdrant_url and not self.qdrant_url.startswith(("http://", "https://")):
            problems.append("QDRANT_URL: must start with https:// (or http:// for a local server)")
        if not self.qdrant_url and not has_embedded_engine():
            problems.append(
                "QDRANT_URL: must name your Qdrant server, https://…; it is empty, and the "
                "embedded engine (qdrant-edge-py) is not installed here"
            )
        return problems


def has_embedded_engine() -> bool:
    """Returns whether Qdrant's embedded engine is installed, without importing it."""
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
    """Never raises: after an exception at import Azure would show no functions at all.

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
    """Parses one value. Raises ValueError that says what the value must be."""
    value = PARSERS[_TYPES[name]](text)
    if name in _AT_LEAST and value < _AT_LEAST[name]:
        raise ValueError(f"must be at least {_AT_LEAST[name]}")
    if name in _AT_MOST and value > _AT_MOST[name]:
        raise ValueError(f"must be at most {_AT_MOST[name]}")
    if name in _NAMES:
        pattern, what = _NAMES[name]
        if not re.fullmatch(pattern, value):
            raise ValueError(f"may hold {what} only")
    return value


_TYPES = {item.name: str(item.type) for item in fields(Settings)}


def setting_name(field_name: str) -> str:
    """Returns the app setting of a field: upper case, except Azure's own mixed-case names."""
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
    "qdrant_replication": 0,
    "qdrant_shards": 0,
    "qdrant_timeout_s": 0.1,
    "expected_vectors": 0,
    "event_patience_h": 0,
}

_AT_MOST = {
    "qdrant_replication": 10,  # every write goes to every copy; three are enough for most
    "qdrant_shards": 256,  # a search asks each of them, and each has files and a graph of its own
}
