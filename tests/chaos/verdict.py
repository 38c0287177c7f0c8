"""Compares index and failures with storage, from outside the app."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from azure.storage.blob import ContainerClient

from shared_code.adapters.clip.encoder import ClipEncoder
from tests.chaos.plan import ChaosPlan
from tests.chaos.qdrant import KeepingServer

SAME = 0.999
"""The least cosine between the stored vector and that of the newest content, embedded here. Two
different pictures of these tests are below 0.99."""


class ExpectedState:
    """Embeds the newest pictures, which takes a few seconds."""

    def __init__(self, plan: ChaosPlan, container: ContainerClient, encoder: ClipEncoder) -> None:
        self.etags = {blob.name: str(blob.etag).strip('"') for blob in container.list_blobs()}
        missing = set(plan.end) ^ set(self.etags)
        assert not missing, f"the storm itself did not do what was planned: {sorted(missing)}"
        pictures = plan.good_pictures()
        self.blobs = sorted(pictures)
        decoded = [encoder.decode(pictures[blob].data) for blob in self.blobs]
        self.vectors = dict(zip(self.blobs, encoder.encode_images(decoded), strict=True))
        self.products = plan.products()
        self.bad = plan.bad()


@dataclass(frozen=True)
class ActualState:
    points: list[Any]
    """Records of qdrant-client with payload and vectors."""
    failures: list[dict[str, str]]

    @classmethod
    def read(cls, server: KeepingServer, host: str) -> "ActualState":
        return cls(server.list_points(), list(list_failures(host)))


def list_failures(host: str) -> Iterator[dict[str, str]]:
    """Reads every page of GET index-failures."""
    cursor: str | None = None
    while True:
        params = {"limit": 100} | ({"cursor": cursor} if cursor else {})
        response = httpx.get(f"{host}/api/v1/index-failures", params=params, timeout=30)
        page = response.raise_for_status().json()
        yield from page["failures"]
        cursor = page["cursor"]
        if cursor is None:
            return


def find_complaints(expected: ExpectedState, actual: ActualState) -> list[str]:
    """Returns nothing when everything is as it should be."""
    return [
        *check_pictures(expected, [p for p in actual.points if p.payload["kind"] == "image"]),
        *check_products(expected, [p for p in actual.points if p.payload["kind"] == "text"]),
        *check_failures(expected, actual.failures),
    ]


def check_pictures(expected: ExpectedState, points: list[Any]) -> Iterator[str]:
    count = Counter(point.payload["image_key"] for point in points)
    for blob in sorted(set(expected.blobs) - count.keys()):
        yield f"{blob}: not indexed"
    for blob in sorted(count.keys() - set(expected.blobs)):
        yield f"{blob}: indexed, and should not be"
    for blob in (blob for blob, times in count.items() if times > 1):
        yield f"{blob}: indexed {count[blob]} times"
    for point in points:
        blob = point.payload["image_key"]
        if blob in expected.vectors:
            cosine = compute_cosine(expected, point)
            if cosine < SAME:
                yield f"{blob}: the vector of another content ({cosine:.3f})"
            if point.payload["etag"].strip('"') != expected.etags[blob]:
                yield f"{blob}: the etag of another content"
            name = expected.products.get(point.payload["product_id"], "")
            if name and point.payload["name"] != name:
                yield f"{blob}: carries the words {point.payload['name']!r}, not {name!r}"


def check_products(expected: ExpectedState, points: list[Any]) -> Iterator[str]:
    names = {point.payload["product_id"]: point.payload["name"] for point in points}
    if len(names) != len(points):
        yield f"{len(points) - len(names)} products have two points"
    for product_id in sorted(set(expected.products) - names.keys()):
        yield f"product {product_id}: missing"
    for product_id in sorted(names.keys() - set(expected.products)):
        yield f"product {product_id}: there, and should not be"
    for product_id, name in names.items():
        title = expected.products.get(product_id, "")
        if (title and name != title) or (not title and name.startswith("Näme")):
            yield f"product {product_id}: is called {name!r}, not {title or 'a file name'!r}"


def check_failures(expected: ExpectedState, failures: list[dict[str, str]]) -> Iterator[str]:
    count = Counter(failure["blob"] for failure in failures)
    for blob in sorted(expected.bad.keys() - count.keys()):
        yield f"{blob}: is bad, and has no failure ({expected.bad[blob]})"
    for failure in failures:
        blob, reason = failure["blob"], failure["reason"]
        if blob not in expected.bad:
            yield f"{blob}: is no failure any more ({reason})"
        elif not re.search(expected.bad[blob], reason):
            yield f"{blob}: failed for another reason ({reason}), not {expected.bad[blob]}"
        if count[blob] > 1:
            yield f"{blob}: {count[blob]} failures"
        if not failure["at"] or not failure["product_id"]:
            yield f"{blob}: its failure has no time or no product"


def compute_cosine(expected: ExpectedState, point: Any) -> float:
    stored = np.asarray(point.vector["image"], np.float32)
    newest = expected.vectors[point.payload["image_key"]]
    return float(stored @ newest / np.linalg.norm(stored))


def find_least_cosine(expected: ExpectedState, actual: ActualState) -> float:
    pictures = [p for p in actual.points if p.payload.get("image_key") in expected.vectors]
    return min(compute_cosine(expected, point) for point in pictures)
