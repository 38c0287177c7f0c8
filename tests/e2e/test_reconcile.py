"""A host that heard of nothing, killed again and again in the middle of its reconcile."""

import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from tests.host import Host, eventually
from tests.pictures import picture

ROOT = Path(__file__).parents[2]
DEAF = {f"AzureWebJobs.{name}.Disabled": "true" for name in ("blob_changed", "blob_events")}
PICTURES = 200


def reconcile(url, *options):
    return subprocess.run(
        [sys.executable, "-m", "cli.reconcile", "--url", url, *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


@pytest.fixture
def deaf(tmp_path):
    hosts = []

    def start():
        hosts.append(Host(tmp_path, **DEAF))
        return hosts[-1]

    yield start
    for host in hosts:
        host.kill()


def fill(host):
    colours = [(n, 255 - n, n * 7 % 256) for n in range(PICTURES)]
    for n, colour in enumerate(colours):
        folder = host.images / f"p{n % 80:02}"
        folder.mkdir(exist_ok=True)
        (folder / f"{n:03}.png").write_bytes(picture(colour))
    (host.images / "bad.png").write_bytes(b"no picture")
    (host.images / "p00" / "product.json").write_text('{"name": "Said"}')


def test_killed_again_and_again_it_still_gets_there(deaf):
    host = deaf()
    fill(host)
    for already in (30, 80, 130):
        cut = threading.Event()

        def ask(url=host.url, cut=cut):
            try:
                httpx.post(f"{url}/api/v1/reconcile", timeout=60)
            except httpx.TransportError:
                cut.set()

        asking = threading.Thread(target=ask)
        asking.start()
        eventually(lambda: host.stats()["images"] >= already, "some are in")  # noqa: B023
        host.kill()
        asking.join()
        assert cut.is_set(), "it was over before the kill"
        host = deaf()
    finished = reconcile(host.url)
    assert finished.returncode == 0, finished.stderr
    assert "finished" in finished.stdout
    stats = host.stats()
    assert (stats["images"], stats["products"], stats["failures"]) == (PICTURES, 80, 1)
    assert host.client.get("/api/v1/products/p00").json()["name"] == "Said"

    again = reconcile(host.url)
    assert "done: 1 known failures" in again.stdout

    (host.images / "p01" / "001.png").unlink()
    (host.images / "p00" / "product.json").unlink()
    trial = reconcile(host.url, "--dry-run")
    assert "p01/001.png" in trial.stdout
    assert host.stats()["images"] == PICTURES
    assert reconcile(host.url).returncode == 0
    assert host.stats()["images"] == PICTURES - 1
    assert host.client.get("/api/v1/products/p00").json()["name"] == "P00"


def test_without_an_app_it_says_so():
    done = reconcile("http://127.0.0.1:9")
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr
