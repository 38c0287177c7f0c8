"""``make check-qdrant``: over HTTP against a stand-in for a server, on the client's local mode, and
on a live server when QDRANT_TEST_URL is set."""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from cli.check_qdrant.probe import ROUND_TRIPS, QdrantProbe
from shared_code.adapters.clip.bundle import load_bundle
from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.settings import Settings
from shared_code.wiring import collection_spec, connect_to_qdrant
from tests.index_records import MODEL, cloud_index, spec
from tests.local_services import free_ports
from tests.twins.qdrant_server import Reply, running_qdrant_server

ROOT = Path(__file__).parents[2]
NAME = spec().name
NEXT = replace(MODEL, dimension=4, fingerprint="ba9876543210")


@pytest.fixture
def server():
    with running_qdrant_server() as running:
        yield running


@pytest.fixture
def prepared_server(server):
    """A server with the collection that the app makes under default settings."""
    index = cloud_index(Settings(qdrant_url=server.url), MODEL)
    index.ping()
    index.close()
    server.requests.clear()
    return server


def check(url, *, must_write=True, **settings):
    """Returns the findings that are not ok: subject -> (level, summary and remedy)."""
    settings = Settings(qdrant_url=url, **settings)
    client = connect_to_qdrant(settings)
    specs = [collection_spec(settings, model) for model in (MODEL, NEXT)]
    findings = list(QdrantProbe(client, specs, must_write=must_write).run())
    client.close()
    assert len({finding.subject for finding in findings}) == len(findings)
    return {
        finding.subject: (finding.level, f"{finding.summary} {finding.remedy}")
        for finding in findings
        if finding.level != "ok"
    }


def test_a_collection_that_the_app_made_has_no_faults(prepared_server):
    assert set(check(prepared_server.url)) == {"copies"}


def test_it_changes_nothing(prepared_server):
    before = json.dumps([prepared_server.collections, prepared_server.aliases])
    check(prepared_server.url)
    assert json.dumps([prepared_server.collections, prepared_server.aliases]) == before
    assert sum(request.endswith("/exists") for request in prepared_server.requests) == ROUND_TRIPS


@pytest.mark.parametrize(
    ("version", "level"),
    [("1.20.3", None), ("1.19.0", None), ("1.17.0", "warning"), ("1.15.4", "wrong"), ("", "wrong")],
)
def test_the_servers_version(prepared_server, version, level):
    prepared_server.version = version
    assert check(prepared_server.url).get("server", (None, ""))[0] == level


def test_what_is_no_qdrant(server):
    server.replies.append(Reply(200, b"<html>Welcome</html>"))
    assert check(server.url)["server"][0] == "wrong"
    [port] = free_ports(1)
    level, text = check(f"http://127.0.0.1:{port}")["server"]
    assert level == "wrong"
    assert "does not answer" in text


def test_a_refused_key(prepared_server):
    prepared_server.replies += [Reply(body={"title": "qdrant", "version": "1.20.0"}), Reply(401)]
    assert "expired" in check(prepared_server.url)["key"][1]


@pytest.mark.parametrize(
    ("rights", "must_write", "level"),
    [("manage", True, None), ("write", True, None), ("read", False, None), ("read", True, "wrong")],
)
def test_rights(prepared_server, rights, must_write, level):
    prepared_server.rights = rights
    assert check(prepared_server.url, must_write=must_write).get("rights", (None, ""))[0] == level


def test_no_collection_yet(server):
    assert check(server.url)["collection"][0] == "warning"
    server.rights = "write"
    assert "Start an app first" in check(server.url)["rights"][1]
    assert check(server.url, must_write=False)["collection"][0] == "wrong"


def test_a_collection_without_its_alias(prepared_server):
    prepared_server.aliases.clear()
    assert "no alias" in check(prepared_server.url)["collection"][1]


def test_another_models_collection(prepared_server):
    prepared_server.collections["products__old"] = prepared_server.collections[NAME]
    prepared_server.aliases["products"] = "products__old"
    assert "another model" in check(prepared_server.url)["collection"][1]


def test_after_a_move_the_next_models_collection_is_looked_at(prepared_server):
    index = cloud_index(Settings(qdrant_url=prepared_server.url), NEXT, is_built=True)
    index.ping()
    index.close()
    prepared_server.aliases["products"] = f"products__{NEXT.fingerprint}"
    assert set(check(prepared_server.url)) == {"copies"}


def test_vectors(prepared_server):
    assert "euclid" in check(prepared_server.url, qdrant_distance="euclid")["vectors"][1].lower()
    prepared_server.collections[NAME]["vectors"]["text"]["size"] = 9
    assert "text: 9" in check(prepared_server.url)["vectors"][1]
    del prepared_server.collections[NAME]["vectors"]["text"]
    assert "text: none" in check(prepared_server.url)["vectors"][1]


def test_words(prepared_server):
    prepared_server.collections[NAME]["sparse_vectors"]["lexical"] = {}
    assert check(prepared_server.url)["words"][0] == "wrong"


def test_payload_indexes(prepared_server):
    del prepared_server.collections[NAME]["indexes"]["metadata.price"]
    prepared_server.collections[NAME]["indexes"]["product_id"]["data_type"] = "text"
    text = check(prepared_server.url)["payload indexes"][1]
    assert "metadata.price (float)" in text
    assert "product_id (keyword)" in text
    assert "kind" not in text


def test_size(prepared_server):
    prepared_server.collections[NAME]["points_count"] = 100_000_000
    level, text = check(prepared_server.url)["size"]
    assert level == "warning"
    assert "EXPECTED_VECTORS=100000000" in text
    prepared_server.collections[NAME]["quantization_config"] = {"scalar": {"type": "int8"}}
    assert "size" not in check(prepared_server.url)


class TestCluster:
    @pytest.fixture
    def make_collection(self, server):
        """Returns a function that makes the collection on three nodes, under these settings."""
        server.nodes = 3

        def make(**settings):
            index = cloud_index(Settings(qdrant_url=server.url, **settings), MODEL)
            index.ping()
            index.close()
            return settings

        return make

    def test_copies_and_shards_as_in_the_settings_are_fine(self, server, make_collection):
        settings = make_collection(qdrant_replication=3, qdrant_shards=6)
        assert check(server.url, **settings) == {}
        settings = Settings(qdrant_url=server.url, **settings)
        client = connect_to_qdrant(settings)
        probe = QdrantProbe(client, [collection_spec(settings, MODEL)], must_write=True)
        summaries = {finding.subject: finding.summary for finding in probe.run()}
        client.close()
        assert summaries["copies"] == "3; a write succeeds when 2 have it"
        assert summaries["shards"] == "6"

    def test_an_app_that_leaves_the_choice_to_the_engine_has_no_complaint(
        self, server, make_collection
    ):
        make_collection(qdrant_replication=2, qdrant_shards=3)
        assert check(server.url) == {}

    def test_other_copies_than_in_the_settings(self, server, make_collection):
        make_collection(qdrant_replication=2)
        level, text = check(server.url, qdrant_replication=3)["copies"]
        assert level == "warning"
        assert text.startswith("2, but QDRANT_REPLICATION is 3 ")
        assert "QDRANT_REPLICATION=2" in text
        assert "docs/operations.md" in text

    def test_other_shards_than_in_the_settings(self, server, make_collection):
        make_collection(qdrant_replication=2, qdrant_shards=3)
        level, text = check(server.url, qdrant_shards=6)["shards"]
        assert level == "warning"
        assert text.startswith("3, but QDRANT_SHARDS is 6 ")
        assert "QDRANT_COLLECTION" in text
        assert "QDRANT_SHARDS=3" in text

    def test_more_copies_than_nodes(self, server, make_collection):
        settings = make_collection(qdrant_replication=3)
        server.nodes = 1
        level, text = check(server.url, **settings)["copies"]
        assert level == "warning"
        assert "only 1 in service" in text

    def test_a_node_that_is_down(self, server, make_collection):
        settings = make_collection(qdrant_replication=2, qdrant_shards=3)
        server.stopped_nodes = 1
        assert "only 1 in service" in check(server.url, **settings)["copies"][1]

    def test_a_key_that_may_not_ask_for_the_nodes(self, server, make_collection):
        settings = make_collection(qdrant_replication=3)
        server.nodes, server.tells_cluster = 1, False
        assert "copies" not in check(server.url, **settings)


def test_one_copy_is_a_warning_that_names_the_setting(prepared_server):
    level, text = check(prepared_server.url)["copies"]
    assert level == "warning"
    assert "QDRANT_REPLICATION=2" in text


def test_strict_mode(prepared_server):
    prepared_server.strict_mode = {
        "enabled": True,
        "max_payload_index_count": 100,
        "max_query_limit": 5000,
    }
    assert "strict mode" not in check(prepared_server.url)
    prepared_server.strict_mode = {
        "enabled": True,
        "max_query_limit": 100,
        "max_payload_index_count": 3,
    }
    text = check(prepared_server.url)["strict mode"][1]
    assert "max_query_limit=100 (needed: 1000)" in text
    assert "max_payload_index_count=3" in text


def test_a_slow_way_to_the_server(prepared_server):
    prepared_server.before_s = lambda: 0.06
    assert "region" in check(prepared_server.url)["round trip"][1]


def command(url, *arguments, **env):
    process = subprocess.run(
        [sys.executable, "-m", "cli.check_qdrant", *arguments],
        env={**os.environ, "QDRANT_URL": url, **env},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    return process.returncode, process.stdout + process.stderr


def test_the_command_prints_all_findings_and_exits_with_1_when_one_is_wrong(server):
    starter = load_bundle(ROOT / "models/starter").model
    index = cloud_index(Settings(qdrant_url=server.url), starter)
    index.ping()
    index.close()
    status, output = command(server.url)
    assert status == 0, output
    for subject in (
        "server",
        "key",
        "collection",
        "rights",
        "vectors",
        "strict mode",
        "round trip",
    ):
        assert f"ok     {subject}" in output
    server.rights = "read"
    assert command(server.url)[0] == 1
    assert command(server.url, "--for", "search")[0] == 0


def test_without_an_address_the_command_has_nothing_to_check():
    assert command("") == (2, "QDRANT_URL is not set: the app would use the embedded index.\n")
    status, output = command("http://127.0.0.1:1", ORT_THREADS="many")
    assert status == 2
    assert "ORT_THREADS" in output


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
def test_on_the_clients_local_mode():
    """The local mode has collections and aliases, but no versions, payload indexes or rights."""
    client = QdrantClient(":memory:")
    index = QdrantCloudIndex(lambda: client, spec())
    index.ping()
    findings = QdrantProbe(client, [spec()], must_write=True).run()
    levels = {finding.subject: finding.level for finding in findings}
    assert levels.pop("payload indexes") == "wrong"
    assert levels.pop("copies") == "warning"
    assert levels.keys() >= {"collection", "rights", "vectors", "words", "size", "round trip"}
    assert set(levels.values()) == {"ok"}
    client.close()


if "QDRANT_TEST_URL" in os.environ:

    def test_on_a_live_server():
        settings = Settings(
            qdrant_url=os.environ["QDRANT_TEST_URL"],
            qdrant_api_key=os.environ.get("QDRANT_TEST_API_KEY", ""),
            qdrant_collection=f"test-{uuid.uuid4().hex[:8]}",
            qdrant_timeout_s=60,
        )
        index = cloud_index(settings, MODEL)
        index.ping()
        client = connect_to_qdrant(settings)
        specs = [collection_spec(settings, MODEL)]
        findings = QdrantProbe(client, specs, must_write=True).run()
        assert [finding for finding in findings if finding.level == "wrong"] == []
        client.delete_collection(index.collection)
        client.close()
        index.close()
