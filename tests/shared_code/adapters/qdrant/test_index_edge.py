"""The embedded index and the end of its process: killed, still running, or closed."""

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from qdrant_edge import EdgeShard

from shared_code.adapters.qdrant.edge.index import FLUSH_EVERY, QdrantEdgeIndex
from shared_code.domain.errors import Misconfigured, Unavailable
from tests.index_records import FIELDS, picture, read_names_by_image_key, search, spec, text

ROOT = Path(__file__).parents[4]

WRITER = """
import itertools, sys
from pathlib import Path
from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex
from tests.index_records import picture, spec, text
index = QdrantEdgeIndex(Path(sys.argv[1]), spec())
for n in itertools.count():
    index.write([picture(f"p{n}", "a.jpg"), picture("p0", f"{n}.jpg")], [text(f"p{n}", n + 1)])
    print(n, flush=True)
"""


@contextlib.contextmanager
def run_writer(folder):
    """Starts another process that writes until it is killed, and prints what it has written."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def write_until_killed(folder, *, at_least):
    with run_writer(folder) as process:
        while int(process.stdout.readline()) < at_least:
            pass
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
    return int(rest[-1]) if rest else at_least


@pytest.fixture
def build(tmp_path):
    with contextlib.ExitStack() as stack:

        def build_one():
            index = QdrantEdgeIndex(tmp_path, spec())
            stack.callback(index.close)
            return index

        yield build_one


@pytest.mark.parametrize("at_least", [0, 1, 60, 300])
def test_a_kill_loses_nothing_that_was_written(build, tmp_path, at_least):
    last = write_until_killed(tmp_path, at_least=at_least)
    index = build()
    for n in range(last + 1):
        assert index.product(f"p{n}").text.name == f"p{n} v{n + 1}"
    keys = {image.key for image in index.product("p0").images}
    assert keys >= {"a.jpg", *(f"{n}.jpg" for n in range(last + 1))}
    index.write([picture("later")], [])
    assert "later" in {hit.product.product_id for hit in search(index, limit=1000)}


def test_a_second_process_learns_which_process_holds_the_index(build, tmp_path):
    with run_writer(tmp_path) as process:
        process.stdout.readline()
        index = build()
        with pytest.raises(Unavailable, match=rf"process {process.pid}\b.*QDRANT_PATH"):
            index.ping()
    index.ping()  # a dead process holds nothing, and a failed opening is tried again


def test_a_second_index_in_this_process_is_refused(build):
    first, second = build(), build()
    first.write([picture("p")], [])
    with pytest.raises(Unavailable, match=rf"process {os.getpid()}\b"):
        second.counts()
    first.close()
    assert second.counts().images == 1


def test_closing_an_index_that_was_never_opened_touches_no_disk(tmp_path):
    QdrantEdgeIndex(tmp_path / "never", spec()).close()
    assert not (tmp_path / "never").exists()


def test_a_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Misconfigured, match="QDRANT_PATH") as caught:
        QdrantEdgeIndex(tmp_path / "file", spec()).counts()
    assert str(tmp_path) not in caught.value.detail


def test_a_broken_shard_is_unavailable_and_lets_go_of_the_folder(build, tmp_path):
    first = build()
    first.ping()
    first.close()
    config = tmp_path / spec().name / "edge_config.json"
    good = config.read_bytes()
    config.write_bytes(b"{")
    second = build()
    with pytest.raises(Unavailable) as caught:
        second.ping()
    assert str(tmp_path) not in caught.value.detail
    config.write_bytes(good)
    second.ping()


def test_a_field_made_filterable_later_gets_its_index_at_the_next_opening(tmp_path):
    for fields in ({}, FIELDS):
        index = QdrantEdgeIndex(tmp_path, replace(spec(), fields=fields))
        index.write([], [text("p", price=5)])
        index.close()
    shard = EdgeShard.load(str(tmp_path / spec().name))
    assert set(shard.info().payload_schema) == set(spec().indexes)
    shard.close()


def test_the_log_is_trimmed_now_and_then(build):
    index = build()
    index.write([picture("p", f"{n:05}") for n in range(FLUSH_EVERY + 1)], [text("p", 2)])
    assert index.counts().images == FLUSH_EVERY + 1
    assert set(read_names_by_image_key(index).values()) == {"p v2"}
