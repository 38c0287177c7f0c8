"""One suite for every blob store: the folder, the twin, and Azure's SDK on a real Azurite."""

import os
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared_code.adapters.storage.azure.blobs import AzureBlobStore
from shared_code.adapters.storage.folder.blobs import FolderBlobStore
from shared_code.domain.errors import Unprocessable
from tests.twins.blobs import MemoryBlobStore

JPEG = "image/jpeg"
HARD_NAMES = [
    "p1/front view.jpg",
    "größe/日本語 👗.png",
    "a%2Fb.jpg",
    "100%.jpg",
    "p1/what?.jpg",
    "p1/a#b.jpg",
    "p1/a+b&c=d;e,f'g(h)[i]{j}~!@$^.jpg",
    "no-extension",
    "deep/" * 20 + "a.jpg",
]


def list_all_names(store, prefix="", *, limit):
    names, cursor = [], None
    while True:
        page = store.list(prefix, limit=limit, cursor=cursor)
        names += [info.name for info in page.items]
        assert len(page.items) <= limit
        cursor = page.cursor
        if cursor is None:
            return names


class BlobStoreContract:
    def test_what_is_written_is_read(self, store):
        info = store.write("p1/a.jpg", b"one", content_type=JPEG)
        blob = store.read("p1/a.jpg")
        assert (blob.data, blob.info) == (b"one", info)
        assert store.head("p1/a.jpg") == info
        assert (info.name, info.size) == ("p1/a.jpg", 3)
        assert info.etag.startswith('"')
        assert info.etag.endswith('"')

    def test_an_empty_blob_is_a_blob(self, store):
        store.write("empty", b"", content_type=JPEG)
        assert store.read("empty").data == b""
        assert store.head("empty").size == 0

    def test_a_large_blob_is_read_whole(self, store):
        data = os.urandom(5_000_000)
        store.write("large", data, content_type=JPEG)
        assert store.read("large").data == data

    @pytest.mark.parametrize(
        ("start", "length", "part"),
        [(0, 4, b"0123"), (3, 4, b"3456"), (8, 9, b"89"), (10, 5, b""), (99, 5, b"")],
    )
    def test_a_part_of_a_blob(self, store, start, length, part):
        info = store.write("feed", b"0123456789", content_type=JPEG)
        blob = store.read_range("feed", start, length)
        assert (blob.data, blob.info) == (part, info)
        assert store.read_range("absent", start, length) is None

    def test_what_is_not_there_is_none(self, store):
        for _ in range(2):  # before and after the container exists
            assert store.head("p1/a.jpg") is None
            assert store.read("p1/a.jpg") is None
            assert store.delete("p1/a.jpg") is False
            assert store.list("p1/").items == ()
            store.write("other", b"1", content_type=JPEG)

    def test_a_replacement_has_a_new_etag_and_no_older_version(self, store):
        first = store.write("a.jpg", b"one", content_type=JPEG)
        second = store.write("a.jpg", b"two", content_type=JPEG)
        assert store.read("a.jpg").data == b"two"
        assert second.etag != first.etag
        assert second.version >= first.version

    def test_the_version_is_the_time_in_microseconds(self, store):
        info = store.write("a.jpg", b"one", content_type=JPEG)
        assert abs(info.version / 1e6 - time.time()) < 60

    def test_a_deleted_blob_is_gone(self, store):
        store.write("p1/a.jpg", b"one", content_type=JPEG)
        assert store.delete("p1/a.jpg") is True
        assert store.delete("p1/a.jpg") is False
        assert store.read("p1/a.jpg") is None
        assert store.list().items == ()

    @pytest.mark.parametrize("name", HARD_NAMES)
    def test_names_are_literal(self, store, name):
        info = store.write(name, name.encode(), content_type=JPEG)
        assert store.read(name).data == name.encode()
        assert store.head(name) == info
        [listed_info] = store.list(name[:3]).items
        assert (listed_info.name, listed_info.etag) == (name, info.etag)
        assert store.delete(name)

    @pytest.mark.parametrize(
        "name",
        ["", "..", "../a", "p1/../../a", "p1/..", "./a", "p1\\a", "a\0b", "x" * 1025, "\ud800"],
    )
    def test_a_name_that_could_escape_is_refused(self, store, name):
        for call in (store.head, store.read, store.delete):
            with pytest.raises(Unprocessable):
                call(name)
        with pytest.raises(Unprocessable):
            store.write(name, b"", content_type=JPEG)

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    def test_a_listing_is_ordered_whatever_the_page(self, store, limit):
        names = ["a.jpg", "a/1.jpg", "a/b/2.jpg", "a/c.jpg", "a0.jpg", "b.jpg", "ä.jpg", "日.jpg"]
        for name in reversed(names):
            store.write(name, b"1", content_type=JPEG)
        assert list_all_names(store, limit=limit) == names
        assert list_all_names(store, "a/", limit=limit) == ["a/1.jpg", "a/b/2.jpg", "a/c.jpg"]

    @pytest.mark.parametrize(
        ("prefix", "names"),
        [
            ("p1", ["p1.jpg", "p1/a.jpg", "p10/a.jpg"]),
            ("p1/", ["p1/a.jpg"]),
            ("p1.", ["p1.jpg"]),
            ("p10/a", ["p10/a.jpg"]),
            ("p2", []),
            ("P1", []),
        ],
    )
    def test_a_prefix_may_end_anywhere(self, store, prefix, names):
        for name in ("p1/a.jpg", "p10/a.jpg", "p1.jpg", "q"):
            store.write(name, b"1", content_type=JPEG)
        assert list_all_names(store, prefix, limit=2) == names

    def test_a_listing_survives_deletions_between_its_pages(self, store):
        for name in "abcd":
            store.write(name, b"1", content_type=JPEG)
        page = store.list(limit=2)
        store.delete("b")
        store.delete("c")
        rest = store.list(limit=2, cursor=page.cursor)
        assert [info.name for info in rest.items] == ["d"]

    def test_readers_never_see_half_a_blob(self, store):
        contents = {letter.encode() * 50_000 for letter in "xyz"}
        store.write("a", b"x" * 50_000, content_type=JPEG)
        done = threading.Event()

        def write(content):
            for _ in range(10):
                store.write("a", content, content_type=JPEG)

        def read():
            while not done.is_set():
                assert store.read("a").data in contents

        with ThreadPoolExecutor(5) as pool:
            readers = [pool.submit(read) for _ in range(2)]
            list(pool.map(write, contents))
            done.set()
            for reader in readers:
                reader.result()

    def test_writers_on_many_threads_make_the_container_once(self, store):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: store.write(f"p/{n}", b"1", content_type=JPEG), range(16)))
        assert len(store.list("p/").items) == 16

    def test_ping(self, store):
        store.ping()


class TestMemory(BlobStoreContract):
    @pytest.fixture
    def store(self):
        return MemoryBlobStore()

    @pytest.fixture
    def frequent_switches(self):
        usual = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        yield
        sys.setswitchinterval(usual)

    def test_a_listing_while_other_threads_write_and_delete(self, store, frequent_switches):
        for number in range(500):
            store.write(f"standing/{number:03}", b"1", content_type=JPEG)

        def write_and_delete(thread):
            for number in range(6_000):
                store.write(f"passing/{thread}/{number}", b"1", content_type=JPEG)
                store.delete(f"passing/{thread}/{number}")

        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write_and_delete, thread) for thread in range(4)]
            while not all(writer.done() for writer in writers):
                names = [info.name for info in store.list().items]
                assert len([name for name in names if name.startswith("standing/")]) == 500
            for writer in writers:
                writer.result()


class TestFolder(BlobStoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return FolderBlobStore(tmp_path, "images")


@pytest.mark.real("azurite")
class TestAzure(BlobStoreContract):
    @pytest.fixture
    def store(self, azurite):
        name = f"test-{uuid.uuid4()}"
        return AzureBlobStore.from_connection_string(azurite.connection_string, name)
