"""``make start``: runs the host, indexes the sample catalogue, and prints searches to paste.

SAMPLES=0 leaves the samples out.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

from cli import AppClient, RequestFailed, SampleUploader, run_tour
from devhost.__main__ import parse_options
from devhost.server import run

log = logging.getLogger("devhost")

LEASE_S = "30"
"""A killed host's messages come again after that, unless a setting says otherwise: in Azure it is
ten minutes, but here a person waits for it."""

_INDEXING_TIMEOUT_S = 300.0
_TRAFFIC_LOGS = ("devhost.http", "devhost.blobs", "devhost.queues", "shared_code.indexing.indexing")


def show_app(url: str, stop: threading.Event) -> None:
    """Runs beside the host. Whatever goes wrong here, the host goes on serving."""
    started = time.monotonic()
    traffic_logs = [logging.getLogger(name) for name in _TRAFFIC_LOGS]
    for traffic_log in traffic_logs:
        traffic_log.setLevel(logging.WARNING)  # what this script itself causes is not news
    try:
        _index_samples_and_tour(AppClient(url), stop)
        log.info("Ready after %.1f s. Ctrl-C stops.", time.monotonic() - started)
    except (OSError, RequestFailed) as exc:
        if not stop.is_set():
            log.error("%s", exc)  # noqa: TRY400  # the request that failed is in the log above
    except Exception:
        log.exception("the samples cannot be shown")
    finally:
        for traffic_log in traffic_logs:
            traffic_log.setLevel(logging.NOTSET)


def _index_samples_and_tour(client: AppClient, stop: threading.Event) -> None:
    from samples.catalogue import load, sidecar
    from shared_code.app import current_app

    products = list(load())
    if os.environ.get("SAMPLES") != "0":
        sidecars = {product.product_id: sidecar(product) for product in products}
        uploader = SampleUploader(current_app().images, client, sidecars, products)
        missing = uploader.wait(stop, uploaded=uploader.upload(), timeout_s=_INDEXING_TIMEOUT_S)
        if missing:
            log.warning("%d of %d samples are not indexed: see above", missing, len(products))
    for line in run_tour(client, products[0].images[0]):
        if stop.is_set():
            return
        print(line, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DEVHOST_QUEUE_LEASE_S", LEASE_S)
    sys.exit(run(parse_options("Starts the app with its samples."), show_app))
