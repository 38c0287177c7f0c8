"""``make start``: the host, the sample catalogue in it, and something to paste.

SAMPLES=0 leaves the samples out.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

from cli.client import Client, Unexpected
from devhost.__main__ import options
from devhost.server import run

log = logging.getLogger("devhost")

_INDEXING_TIMEOUT_S = 300.0
_TRAFFIC = ("devhost.http", "devhost.blobs", "devhost.queues", "shared_code.indexing.indexing")


def welcome(url: str, stop: threading.Event) -> None:
    """Runs beside the host. Whatever goes wrong here, the host goes on serving."""
    began = time.monotonic()
    traffic = [logging.getLogger(name) for name in _TRAFFIC]
    for each in traffic:
        each.setLevel(logging.WARNING)  # what this script itself causes is not news
    try:
        _show(Client(url), stop)
        log.info("Ready after %.1f s. Ctrl-C stops.", time.monotonic() - began)
    except (OSError, Unexpected) as exc:
        if not stop.is_set():
            log.error("%s", exc)  # noqa: TRY400  # the request that failed is in the log above
    except Exception:
        log.exception("the samples cannot be shown")
    finally:
        for each in traffic:
            each.setLevel(logging.NOTSET)


def _show(client: Client, stop: threading.Event) -> None:
    from cli.samples import SampleDrop
    from cli.tour import tour
    from samples.catalogue import load, sidecar
    from shared_code.app import current_app

    products = list(load())
    if os.environ.get("SAMPLES") != "0":
        words = {product.product_id: sidecar(product) for product in products}
        samples = SampleDrop(current_app().images, client, words, products)
        missing = samples.wait(stop, dropped=samples.drop(), timeout_s=_INDEXING_TIMEOUT_S)
        if missing:
            log.warning("%d of %d samples are not indexed: see above", missing, len(products))
    for line in tour(client, products[0].images[0]):
        if stop.is_set():
            return
        print(line, flush=True)


LEASE_S = "30"
"""Unless a setting says otherwise: what a killed host had in hand comes again after that, and not
after the ten minutes of Azure, since a person waits for it."""


if __name__ == "__main__":
    os.environ.setdefault("DEVHOST_QUEUE_LEASE_S", LEASE_S)
    sys.exit(run(options("Starts the app with its samples."), welcome))
