"""What a request of POST index-batch says as the source of a job; a feed that came is stored."""

from __future__ import annotations

import hashlib

import msgspec

from functions.http.arguments import Sent
from functions.schemas.bulk_requests import BatchRequest
from functions.schemas.requests import NoFields
from shared_code.app import current_app
from shared_code.bulk import BulkSource
from shared_code.feeds import detect_format


def source_of(sent: Sent[NoFields | BatchRequest]) -> BulkSource:
    """Raises Unprocessable for a feed that is none."""
    if isinstance(sent.fields, NoFields):
        return _stored(bytes(sent.uploads[0].data))
    asked = sent.fields
    asked.check_container(current_app().settings.images_container)
    if asked.failures is True:
        return BulkSource("failures")
    if asked.products:
        return _stored(b"\n".join(map(msgspec.json.encode, asked.products)))
    if asked.feed:
        return current_app().bulk.listing.open_feed(asked.feed)
    return BulkSource("container", asked.prefix or "")


def _stored(feed: bytes) -> BulkSource:
    """Named by content: the same feed again is the same blob, which a job may be reading."""
    detect_format(feed)
    name = f"posted/{hashlib.sha256(feed).hexdigest()[:32]}"
    feeds = current_app().feeds
    info = feeds.head(name) or feeds.write(name, feed, content_type="application/octet-stream")
    return BulkSource("feed", name, info.etag)
