"""A host without events, killed again and again in the middle of its reconcile."""

import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from tests.host import Host, eventually
from tests.pictures import picture

ROOT = Path(__file__).parents[2]
WITHOUT_EVENTS = {
    f"AzureWebJobs.{name}.Disabled": "true" for name in ("blob_changed", "blob_events")
}
PICTURES = 200


def run_reconcile(url, *options):
    return subprocess.run(
        [sys.executable, "-m", "cli.reconcile", "--url", url, *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


@pytest.fixture
def start_host_without_events(tmp_path):
    hosts = []

    def start_host():
        hosts.append(Host(tmp_path, **WITHOUT_EVENTS))
        return hosts[-1]

    yield start_host
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


def test_a_reconcile_that_is_killed_again_and_again_still_ends(start_host_without_events):
    host = start_host_without_events()
    fill(host)
    for image_count in (30, 80, 130):
        cut = threading.Event()

        def post_reconcile(url=host.url, cut=cut):
            try:
                httpx.post(f"{url}/api/v1/reconcile", timeout=60)
            except httpx.TransportError:
                cut.set()

        thread = threading.Thread(target=post_reconcile)
        thread.start()
        eventually(lambda: host.stats()["images"] >= image_count, "some are in")  # noqa: B023
        host.kill()
        thread.join()
        assert cut.is_set(), "it was over before the kill"
        host = start_host_without_events()
    first_run = run_reconcile(host.url)
    assert first_run.returncode == 0, first_run.stderr
    assert "finished" in first_run.stdout
    stats = host.stats()
    assert (stats["images"], stats["products"], stats["failures"]) == (PICTURES, 80, 1)
    assert host.client.get("/api/v1/products/p00").json()["name"] == "Said"

    second_run = run_reconcile(host.url)
    assert "done: 1 known failures" in second_run.stdout

    (host.images / "p01" / "001.png").unlink()
    (host.images / "p00" / "product.json").unlink()
    dry_run = run_reconcile(host.url, "--dry-run")
    assert "p01/001.png" in dry_run.stdout
    assert host.stats()["images"] == PICTURES
    assert run_reconcile(host.url).returncode == 0
    assert host.stats()["images"] == PICTURES - 1
    assert host.client.get("/api/v1/products/p00").json()["name"] == "P00"


def test_without_an_app_it_says_so():
    completed = run_reconcile("http://127.0.0.1:9")
    assert completed.returncode == 1
    assert "127.0.0.1:9" in completed.stderr
