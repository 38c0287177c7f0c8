"""Whether index and failures are what storage says they should be; read from outside the app."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from azure.storage.blob import ContainerClient

from shared_code.adapters.clip.encoder import ClipEncoder
from tests.chaos.plan import Plan
from tests.chaos.qdrant import KeepingServer

SAME = 0.999
"""Cosine between the stored vector and that of the newest content, embedded here. Two different
pictures of these tests are below 0.99."""


class Expected:
    """What there is to find; embedding the newest pictures takes a few seconds."""

    def __init__(self, plan: Plan, container: ContainerClient, encoder: ClipEncoder) -> None:
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
class Found:
    points: list[Any]
    """Records of qdrant-client with payload and vectors."""
    failures: list[dict[str, str]]

    @classmethod
    def now(cls, server: KeepingServer, host: str) -> "Found":
        return cls(server.every_point(), list(failures_of(host)))


def failures_of(host: str) -> Iterator[dict[str, str]]:
    """Every page of GET index-failures."""
    cursor: str | None = None
    while True:
        params = {"limit": 100} | ({"cursor": cursor} if cursor else {})
        answer = httpx.get(f"{host}/api/v1/index-failures", params=params, timeout=30)
        page = answer.raise_for_status().json()
        yield from page["failures"]
        cursor = page["cursor"]
        if cursor is None:
            return


def complaints(expected: Expected, found: Found) -> list[str]:
    """Empty when everything is as it should be."""
    return [
        *about_pictures(expected, [p for p in found.points if p.payload["kind"] == "image"]),
        *about_products(expected, [p for p in found.points if p.payload["kind"] == "text"]),
        *about_failures(expected, found.failures),
    ]


def about_pictures(expected: Expected, points: list[Any]) -> Iterator[str]:
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
            if cosine(expected, point) < SAME:
                yield f"{blob}: the vector of another content ({cosine(expected, point):.3f})"
            if point.payload["etag"].strip('"') != expected.etags[blob]:
                yield f"{blob}: the etag of another content"
            name = expected.products.get(point.payload["product_id"], "")
            if name and point.payload["name"] != name:
                yield f"{blob}: carries the words {point.payload['name']!r}, not {name!r}"


def about_products(expected: Expected, points: list[Any]) -> Iterator[str]:
    names = {point.payload["product_id"]: point.payload["name"] for point in points}
    if len(names) != len(points):
        yield f"{len(points) - len(names)} products have two points"
    for product_id in sorted(set(expected.products) - names.keys()):
        yield f"product {product_id}: missing"
    for product_id in sorted(names.keys() - set(expected.products)):
        yield f"product {product_id}: there, and should not be"
    for product_id, name in names.items():
        wanted = expected.products.get(product_id, "")
        if (wanted and name != wanted) or (not wanted and name.startswith("Näme")):
            yield f"product {product_id}: is called {name!r}, not {wanted or 'by a file name'!r}"


def about_failures(expected: Expected, failures: list[dict[str, str]]) -> Iterator[str]:
    count = Counter(failure["blob"] for failure in failures)
    for blob in sorted(expected.bad.keys() - count.keys()):
        yield f"{blob}: is bad, and no failure says so ({expected.bad[blob]})"
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


def cosine(expected: Expected, point: Any) -> float:
    stored = np.asarray(point.vector["image"], np.float32)
    wanted = expected.vectors[point.payload["image_key"]]
    return float(stored @ wanted / np.linalg.norm(stored))


def least_cosine(expected: Expected, found: Found) -> float:
    pictures = [p for p in found.points if p.payload.get("image_key") in expected.vectors]
    return min(cosine(expected, point) for point in pictures)
