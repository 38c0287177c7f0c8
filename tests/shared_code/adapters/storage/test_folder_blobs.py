"""What only a folder has: hidden files, links, the disk's limits, files dropped in by hand."""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared_code.adapters.storage.folder.blobs import FolderBlobStore
from shared_code.domain.errors import Unavailable, Unprocessable

JPEG = "image/jpeg"


@pytest.fixture
def store(tmp_path):
    return FolderBlobStore(tmp_path, "images")


def list_names(store):
    return [info.name for info in store.list().items]


@pytest.mark.parametrize("name", ["/a", "a//b", "a/", ".a", "p1/.a", ".unfinished/a"])
def test_names_that_are_no_visible_file_are_refused(store, name):
    with pytest.raises(Unprocessable):
        store.write(name, b"", content_type=JPEG)


def test_a_name_too_long_for_the_disk_is_refused(store):
    store.write("a", b"", content_type=JPEG)
    name = "x" * 300
    for call in (store.head, store.read, store.delete):
        with pytest.raises(Unprocessable):
            call(name)
    with pytest.raises(Unprocessable):
        store.write(name, b"", content_type=JPEG)


def test_a_blob_cannot_also_be_a_folder(store):
    store.write("a/b", b"1", content_type=JPEG)
    store.write("c", b"1", content_type=JPEG)
    assert store.head("a") is None
    assert store.delete("a") is False
    assert store.read("c/d") is None
    for name in ("a", "c/d"):
        with pytest.raises(Unprocessable, match="folder"):
            store.write(name, b"1", content_type=JPEG)


def test_files_dropped_in_are_blobs_and_hidden_ones_are_not(store, tmp_path):
    (tmp_path / "images" / "p1" / ".git").mkdir(parents=True)
    for name in ("p1/a.jpg", "p1/.DS_Store", "p1/.git/config"):
        (tmp_path / "images" / name).write_bytes(b"1")
    assert list_names(store) == ["p1/a.jpg"]
    assert store.read("p1/a.jpg").data == b"1"


def test_symbolic_links_lead_nowhere(store, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.jpg").write_bytes(b"1")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "file.jpg").symlink_to(tmp_path / "secret" / "a.jpg")
    (tmp_path / "images" / "folder").symlink_to(tmp_path / "secret")
    assert list_names(store) == []
    for name in ("file.jpg", "folder/a.jpg"):
        with pytest.raises(Unprocessable, match="symbolic link"):
            store.read(name)
        with pytest.raises(Unprocessable, match="symbolic link"):
            store.write(name, b"2", content_type=JPEG)
    assert (tmp_path / "secret" / "a.jpg").read_bytes() == b"1"


def test_an_old_file_copied_over_a_newer_one_is_the_newer(store, tmp_path):
    old = tmp_path / "old.jpg"
    old.write_bytes(b"old")
    os.utime(old, (1, 1))
    before = store.write("a.jpg", b"new", content_type=JPEG)
    time.sleep(0.02)  # a file system's clock may tick every 4 ms
    shutil.copy2(old, tmp_path / "images" / "a.jpg")
    after = store.head("a.jpg")
    assert after.version > before.version
    assert after.etag != before.etag


def test_a_delete_leaves_no_empty_folder_and_a_write_no_unfinished_file(store, tmp_path):
    store.write("a/b/c.jpg", b"1", content_type=JPEG)
    store.write("a/d.jpg", b"1", content_type=JPEG)
    store.delete("a/b/c.jpg")
    visible = {p.name for p in (tmp_path / "images").rglob("*") if p.name != ".unfinished"}
    assert visible == {"a", "d.jpg"}


def test_writes_and_deletes_in_one_folder_do_not_trip_each_other(store):
    def write_and_delete(number):
        for _ in range(50):
            store.write(f"p/{number}.jpg", b"1", content_type=JPEG)
            store.delete(f"p/{number}.jpg")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_and_delete, range(4)))
    assert store.list().items == ()


def test_a_folder_that_cannot_be_used_is_an_outage(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    store = FolderBlobStore(tmp_path / "file", "images")
    with pytest.raises(Unavailable):
        store.ping()
