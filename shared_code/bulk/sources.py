"""Where the items of a new job come from: what a caller asks for becomes a source to list.

A feed that comes with the request is stored first, since a job outlives the request.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from shared_code.bulk.jobs import BulkSource
from shared_code.bulk.listing import BulkLister
from shared_code.domain.errors import Unprocessable
from shared_code.feeds import detect_format


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What a caller wants a job to go through. Blobs below ``prefix``, unless another is named."""

    prefix: str = ""
    container: str | None = None
    """None: the images container, the only one whose pictures are indexed."""
    feed: str = ""
    """The name of a blob in the container of feeds."""
    posted: bytes = b""
    """A feed that came with the request."""
    failures: bool = False
    """What is among the index failures."""


def choose_source(request: SourceRequest, listing: BulkLister, images_container: str) -> BulkSource:
    """Raises Unprocessable for a feed that cannot be read, and for another container."""
    if request.container not in (None, images_container):
        raise Unprocessable(
            f"container: pictures are indexed in the container {images_container!r}; "
            "copy them there"
        )
    if request.failures:
        return BulkSource("failures")
    if request.posted:
        return _store_feed(request.posted, listing)
    if request.feed:
        return listing.open_feed(request.feed)
    return BulkSource("container", request.prefix)


def _store_feed(feed: bytes, listing: BulkLister) -> BulkSource:
    """Names it by its content: the same feed again is the same blob, which a job may be reading."""
    detect_format(feed)
    name = f"posted/{hashlib.sha256(feed).hexdigest()[:32]}"
    head = listing.feeds.head(name)
    info = head or listing.feeds.write(name, feed, content_type="application/octet-stream")
    return BulkSource("feed", name, info.etag)
