"""Lists the next segment of a job's source, and keeps what it found as a manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared_code.bulk.jobs import SEGMENT_ITEMS, Segment, Source, chunks_of
from shared_code.bulk.manifests import Manifest, Manifests
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import FilterableFields
from shared_code.domain.ports import BlobStore
from shared_code.failures.store import Failures
from shared_code.feeds.reading import PART_BYTES, Format, format_of, read_part
from shared_code.indexing.listing_diff import Group, groups_of


@dataclass(frozen=True, slots=True)
class BulkListing:
    images: BlobStore
    feeds: BlobStore
    failures: Failures
    manifests: Manifests
    fields: FilterableFields
    now_us: Callable[[], int]
    page_size: int = SEGMENT_ITEMS

    def source(self, feed: str) -> Source:
        """Of a feed that was stored. Raises Unprocessable for what is none."""
        head = self.feeds.read_range(feed, 0, PART_BYTES)
        if head is None:
            raise Unprocessable(f"There is no feed {feed[:200]!r} in the container of feeds.")
        format_of(head.data)
        return Source("feed", feed, head.info.etag)

    def list_segment(
        self, job: str, number: int, *, source: Source, place: Any, chunk: int
    ) -> Segment:
        """Chunks of about ``chunk`` items. Raises Unprocessable for a feed that changed.

        Listed again, it is what it was: chunks of it may be in work by their positions.
        """
        known = self.manifests.segment(job, number)
        if known is not None:
            return known
        manifest, following, merged = self._list(source, place)
        sizes = [len(group.blobs) for group in manifest.groups]
        nameless = len(manifest.blobs) if sizes else 0
        sizes = sizes or [1] * (len(manifest.items) + len(manifest.blobs))
        chunks = chunks_of(sizes, chunk)
        segment = Segment(number, sum(sizes) + nameless, chunks, following, merged)
        if chunks:
            self.manifests.write(job, segment, manifest)
        return segment

    def _list(self, source: Source, place: Any) -> tuple[Manifest, Any, int]:
        """What is next, where to go on, and how many rows were merged."""
        if source.kind == "container":
            return *self._blobs(source.name, place), 0
        if source.kind == "feed":
            return self._rows(source, place)
        page = self.failures.page(limit=self.page_size, cursor=place)
        return Manifest(blobs=[failure.blob for failure in page.items]), page.cursor, 0

    def _blobs(self, prefix: str, cursor: str | None) -> tuple[Manifest, str | None]:
        listed_at = self.now_us()
        page = self.images.list(prefix, limit=self.page_size, cursor=cursor)
        groups, nameless = groups_of(
            page.items, is_first=cursor is None, is_last=page.cursor is None
        )
        manifest = Manifest(
            groups=_marked(groups, prefix, page.items[-1].name if page.cursor else None),
            blobs=[info.name for info in nameless],
            listed_at=listed_at,
            prefix=prefix,
            cursor=cursor,
        )
        return manifest, page.cursor

    def _rows(self, source: Source, place: Any) -> tuple[Manifest, Any, int]:
        offset = place["offset"] if place else 0
        part = self.feeds.read_range(source.name, offset, PART_BYTES)
        if part is None or part.info.etag != source.etag:
            raise Unprocessable(f"The feed {source.name} was changed or deleted meanwhile.")
        written = _format(place, part.data)
        begins = 0 if place else written.offset
        is_last = offset + len(part.data) >= part.info.size
        read = read_part(
            part.data[begins:],
            written,
            self.fields,
            row=place["row"] if place else written.row,
            is_last=is_last,
            limit=self.page_size,
        )
        offset += begins + read.offset
        following = {
            "offset": offset,
            "row": (place["row"] if place else written.row) + read.rows,
            "separator": written.separator,
            "columns": list(written.columns),
        }
        is_done = offset >= part.info.size
        return Manifest(items=read.items), None if is_done else following, read.merged


def _format(place: Any, head: bytes) -> Format:
    if place:
        return Format(place["separator"], tuple(place["columns"]))
    return format_of(head)


def _marked(groups: Sequence[Group], prefix: str, last: str | None) -> list[Group]:
    """Groups that may not be all of their product are marked so; ``last`` is the page's last name,
    None where nothing follows it.

    Names of one product need not follow one another: v1.2.jpg lies between v1.jpg and v1/2.jpg,
    and any name with a hyphen between one without extension and these.
    """
    runs = Counter(group.product_id for group in groups)

    def is_whole(group: Group) -> bool:
        own = group.product_id
        is_over = last is None or last >= f"{own}0"  # behind all that begins with own + "/"
        is_bare = group.blobs[0].name == own
        return own.startswith(prefix) and is_over and not is_bare and runs[own] == 1

    return [
        group if is_whole(group) else Group(group.product_id, group.blobs, is_cut=True)
        for group in groups
    ]
