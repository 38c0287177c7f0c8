"""Lists the next segment of a job's source, and stores its items as a manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared_code.bulk.jobs import SEGMENT_ITEMS, BulkSegment, BulkSource, cut_chunks
from shared_code.bulk.manifests import ManifestStore, SegmentManifest
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import FilterableFields
from shared_code.domain.ports import BlobStore
from shared_code.failures import Failures
from shared_code.feeds import PART_BYTES, FeedFormat, detect_format, read_part
from shared_code.indexing import Group, groups_of


@dataclass(frozen=True, slots=True)
class BulkLister:
    images: BlobStore
    feeds: BlobStore
    failures: Failures
    manifests: ManifestStore
    fields: FilterableFields
    now_us: Callable[[], int]
    page_size: int = SEGMENT_ITEMS

    def open_feed(self, feed: str) -> BulkSource:
        """Returns a stored feed as a source. Raises Unprocessable for what is not a feed."""
        head = self.feeds.read_range(feed, 0, PART_BYTES)
        if head is None:
            raise Unprocessable(f"There is no feed {feed[:200]!r} in the container of feeds.")
        detect_format(head.data)
        return BulkSource("feed", feed, head.info.etag)

    def list_segment(
        self, job: str, number: int, *, source: BulkSource, place: Any, chunk: int
    ) -> BulkSegment:
        """Lists a segment with chunks of about ``chunk`` items. Raises Unprocessable for a feed
        that has changed.

        A second call returns the first listing: chunks may be running, and refer to its positions.
        """
        listed = self.manifests.read_segment(job, number)
        if listed is not None:
            return listed
        manifest, next_place, merged = self._list(source, place)
        sizes = [len(group.blobs) for group in manifest.groups]
        nameless = len(manifest.blobs) if sizes else 0
        sizes = sizes or [1] * (len(manifest.items) + len(manifest.blobs))
        chunks = cut_chunks(sizes, chunk)
        segment = BulkSegment(number, sum(sizes) + nameless, chunks, next_place, merged)
        if chunks:
            self.manifests.write(job, segment, manifest)
        return segment

    def _list(self, source: BulkSource, place: Any) -> tuple[SegmentManifest, Any, int]:
        """Returns the next items, the place to go on from, and how many rows were merged."""
        if source.kind == "container":
            return *self._list_blobs(source.name, place), 0
        if source.kind == "feed":
            return self._read_rows(source, place)
        page = self.failures.page(limit=self.page_size, cursor=place)
        return SegmentManifest(blobs=[failure.blob for failure in page.items]), page.cursor, 0

    def _list_blobs(self, prefix: str, cursor: str | None) -> tuple[SegmentManifest, str | None]:
        listed_at = self.now_us()
        page = self.images.list(prefix, limit=self.page_size, cursor=cursor)
        groups, nameless = groups_of(
            page.items, is_first=cursor is None, is_last=page.cursor is None
        )
        manifest = SegmentManifest(
            groups=_mark_incomplete(groups, prefix, page.items[-1].name if page.cursor else None),
            blobs=[info.name for info in nameless],
            listed_at=listed_at,
            prefix=prefix,
            cursor=cursor,
        )
        return manifest, page.cursor

    def _read_rows(self, source: BulkSource, place: Any) -> tuple[SegmentManifest, Any, int]:
        offset = place["offset"] if place else 0
        part = self.feeds.read_range(source.name, offset, PART_BYTES)
        if part is None or part.info.etag != source.etag:
            raise Unprocessable(f"The feed {source.name} was changed or deleted meanwhile.")
        feed_format = _feed_format(place, part.data)
        begins = 0 if place else feed_format.offset
        is_last = offset + len(part.data) >= part.info.size
        read = read_part(
            part.data[begins:],
            feed_format,
            self.fields,
            row=place["row"] if place else feed_format.row,
            is_last=is_last,
            limit=self.page_size,
        )
        offset += begins + read.offset
        next_place = {
            "offset": offset,
            "row": (place["row"] if place else feed_format.row) + read.rows,
            "separator": feed_format.separator,
            "columns": list(feed_format.columns),
        }
        is_done = offset >= part.info.size
        return SegmentManifest(items=read.items), None if is_done else next_place, read.merged


def _feed_format(place: Any, head: bytes) -> FeedFormat:
    if place:
        return FeedFormat(place["separator"], tuple(place["columns"]))
    return detect_format(head)


def _mark_incomplete(groups: Sequence[Group], prefix: str, last: str | None) -> list[Group]:
    """Marks the groups that may not hold all blobs of their product. ``last`` is the page's last
    name; None where no page follows.

    Names of one product need not be adjacent: v1.2.jpg lies between v1.jpg and v1/2.jpg, and any
    name with a hyphen lies between one without extension and these.
    """
    runs = Counter(group.product_id for group in groups)

    def is_whole(group: Group) -> bool:
        own = group.product_id
        is_over = last is None or last >= f"{own}0"  # sorts after all that begins with own + "/"
        is_bare = group.blobs[0].name == own
        return own.startswith(prefix) and is_over and not is_bare and runs[own] == 1

    return [
        group if is_whole(group) else Group(group.product_id, group.blobs, is_cut=True)
        for group in groups
    ]
