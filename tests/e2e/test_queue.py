"""Events by the queue alone, as deployed: slow or huge blobs hold nobody up."""

import threading
import time
import uuid

import psutil
import pytest
from azure.storage.blob import BlobServiceClient

from tests.host import Host, eventually
from tests.pictures import picture

SOURCES = ["Queue", "LogsAndContainerScan"]
SLOW_AT_ONCE = {"Queue": 4, "LogsAndContainerScan": 1}
"""host.json: newBatchThreshold, and one less than half of maxDegreeOfParallelism, rounded up."""

OTHERS = 12
HUGE = 600_000_000
MEGABYTE = 1_000_000


@pytest.fixture(params=["folder", pytest.param("azurite", marks=pytest.mark.real("azurite"))])
def drop(request, tmp_path):
    """Puts a blob into the images container; a host with ``drop.environ`` uses that container."""
    if request.param == "folder":
        yield FolderDrop(tmp_path)
        return
    account = request.getfixturevalue("azurite").connection_string
    with BlobServiceClient.from_connection_string(account) as service:
        yield AzureDrop(service, account)


class FolderDrop:
    def __init__(self, folder):
        self.environ = {}
        self._images = folder / "storage" / "images"

    def __call__(self, name, data):
        path = self._images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def delete(self, name):
        (self._images / name).unlink()


class AzureDrop:
    def __init__(self, service, account):
        name = f"images-{uuid.uuid4().hex}"
        self.environ = {
            "AzureWebJobsStorage": account,
            "IMAGES_CONTAINER": name,
            "FAILURES_CONTAINER": f"{name}-f",
            "THUMBNAILS_CONTAINER": f"{name}-t",
        }
        self._container = service.create_container(name)

    def __call__(self, name, data):
        self._container.upload_blob(name, data, overwrite=True)

    def delete(self, name):
        self._container.delete_blob(name)


def has_product(host, product_id):
    return host.client.get(f"/api/v1/products/{product_id}").status_code == 200


def test_a_picture_is_dropped_replaced_and_deleted(tmp_path, drop):
    host = Host(tmp_path, BLOB_TRIGGER_SOURCE="Queue", **drop.environ)
    try:
        drop("red dress/été.png", picture("red"))
        eventually(lambda: host.search_image(picture("red")) == ["red dress"], "found")
        drop("red dress/été.png", picture("blue"))
        eventually(
            lambda: host.client.get("/api/v1/stats").json()["events_waiting"] == 0,
            "it is looked at",
        )
        drop.delete("red dress/été.png")
        eventually(lambda: host.stats()["vectors"] == 0, "gone")
    finally:
        host.kill()


@pytest.mark.parametrize("source", SOURCES)
def test_slow_pictures_keep_no_others_waiting(tmp_path, drop, source):
    host = Host(tmp_path, module="tests.slow_store", BLOB_TRIGGER_SOURCE=source, **drop.environ)
    slow = [f"slow-{number}" for number in range(SLOW_AT_ONCE[source])]
    try:
        for product_id in slow:
            drop(f"{product_id}/a.png", picture("red"))
        time.sleep(1.5)  # they are being read by now, or are about to be
        for number in range(OTHERS):
            drop(f"other-{number}/a.png", picture((number * 20, 90, 200)))
        eventually(lambda: host.stats()["images"] == OTHERS, "the others", seconds=18)
        assert not any(has_product(host, product_id) for product_id in slow)
    finally:
        host.kill()


class PeakMemory:
    """The highest resident memory of a process within the block, in bytes."""

    def __init__(self, pid):
        self._process = psutil.Process(pid)
        self.before = self.highest = self._process.memory_info().rss
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self._ended.wait(0.01):
            self.highest = max(self.highest, self._process.memory_info().rss)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def test_a_huge_blob_is_a_failure_that_costs_no_memory(tmp_path):
    host = Host(tmp_path, BLOB_TRIGGER_SOURCE="Queue")
    try:
        (host.images / "mug.png").write_bytes(picture("red"))
        eventually(lambda: host.stats()["images"] == 1, "model and index are loaded")
        with PeakMemory(host.process.pid) as peak:
            with (tmp_path / "huge.png").open("wb") as file:
                file.truncate(HUGE)  # takes no space
            (tmp_path / "huge.png").rename(host.images / "huge.png")
            eventually(lambda: host.stats()["failures"] == 1, "the failure", seconds=15)
        [failure] = host.client.get("/api/v1/index-failures").json()["failures"]
        assert failure["reason"] == "the blob has 600.0 MB; the limit is 20 MB (MAX_UPLOAD_MB)"
        assert peak.highest - peak.before < 30 * MEGABYTE
    finally:
        host.kill()
