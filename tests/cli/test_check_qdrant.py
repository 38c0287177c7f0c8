"""``make check-qdrant``: over HTTP, against what a server may be like; on the client's local mode;
and on a live server when QDRANT_TEST_URL is set."""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from cli.check_qdrant.probe import ROUND_TRIPS, Probe
from shared_code.adapters.clip.bundle import load_bundle
from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.settings import Settings
from shared_code.wiring import collection_spec, connect_to_qdrant
from tests.points import MODEL, cloud_index, spec
from tests.real import free_ports
from tests.twins.qdrant_server import Reply, running_qdrant_server

ROOT = Path(__file__).parents[2]
NAME = spec().name
NEXT = replace(MODEL, dimension=4, fingerprint="ba9876543210")


@pytest.fixture
def server():
    with running_qdrant_server() as running:
        yield running


@pytest.fixture
def made(server):
    """With the collection as the app makes it, of the default settings."""
    index = cloud_index(Settings(qdrant_url=server.url), MODEL)
    index.ping()
    index.close()
    server.requests.clear()
    return server


def check(url, *, must_write=True, **settings):
    """What is not well: its name -> (level, all that is said)."""
    settings = Settings(qdrant_url=url, **settings)
    client = connect_to_qdrant(settings)
    specs = [collection_spec(settings, model) for model in (MODEL, NEXT)]
    found = list(Probe(client, specs, must_write=must_write).run())
    client.close()
    assert len({each.what for each in found}) == len(found)
    return {
        each.what: (each.level, f"{each.says} {each.remedy}")
        for each in found
        if each.level != "ok"
    }


def test_a_collection_that_the_app_made_is_as_it_wants_it(made):
    assert set(check(made.url)) == {"copies"}


def test_it_changes_nothing(made):
    before = json.dumps([made.collections, made.aliases])
    check(made.url)
    assert json.dumps([made.collections, made.aliases]) == before
    assert sum(request.endswith("/exists") for request in made.requests) == ROUND_TRIPS


@pytest.mark.parametrize(
    ("version", "level"),
    [("1.20.3", None), ("1.19.0", None), ("1.17.0", "warning"), ("1.15.4", "wrong"), ("", "wrong")],
)
def test_the_servers_version(made, version, level):
    made.version = version
    assert check(made.url).get("server", (None, ""))[0] == level


def test_what_is_no_qdrant(server):
    server.replies.append(Reply(200, b"<html>Welcome</html>"))
    assert check(server.url)["server"][0] == "wrong"
    [port] = free_ports(1)
    level, said = check(f"http://127.0.0.1:{port}")["server"]
    assert level == "wrong"
    assert "does not answer" in said


def test_a_refused_key(made):
    made.replies += [Reply(body={"title": "qdrant", "version": "1.20.0"}), Reply(401)]
    assert "expired" in check(made.url)["key"][1]


@pytest.mark.parametrize(
    ("rights", "must_write", "level"),
    [("manage", True, None), ("write", True, None), ("read", False, None), ("read", True, "wrong")],
)
def test_rights(made, rights, must_write, level):
    made.rights = rights
    assert check(made.url, must_write=must_write).get("rights", (None, ""))[0] == level


def test_no_collection_yet(server):
    assert check(server.url)["collection"][0] == "warning"
    server.rights = "write"
    assert "Start an app first" in check(server.url)["rights"][1]
    assert check(server.url, must_write=False)["collection"][0] == "wrong"


def test_a_collection_without_its_alias(made):
    made.aliases.clear()
    assert "no alias" in check(made.url)["collection"][1]


def test_another_models_collection(made):
    made.collections["products__old"] = made.collections[NAME]
    made.aliases["products"] = "products__old"
    assert "another model" in check(made.url)["collection"][1]


def test_after_a_move_the_next_models_collection_is_looked_at(made):
    index = cloud_index(Settings(qdrant_url=made.url), NEXT, is_built=True)
    index.ping()
    index.close()
    made.aliases["products"] = f"products__{NEXT.fingerprint}"
    assert set(check(made.url)) == {"copies"}


def test_vectors(made):
    assert "euclid" in check(made.url, qdrant_distance="euclid")["vectors"][1].lower()
    made.collections[NAME]["vectors"]["text"]["size"] = 9
    assert "text: 9" in check(made.url)["vectors"][1]
    del made.collections[NAME]["vectors"]["text"]
    assert "text: none" in check(made.url)["vectors"][1]


def test_words(made):
    made.collections[NAME]["sparse_vectors"]["lexical"] = {}
    assert check(made.url)["words"][0] == "wrong"


def test_payload_indexes(made):
    del made.collections[NAME]["indexes"]["metadata.price"]
    made.collections[NAME]["indexes"]["product_id"]["data_type"] = "text"
    said = check(made.url)["payload indexes"][1]
    assert "metadata.price (float)" in said
    assert "product_id (keyword)" in said
    assert "kind" not in said


def test_size(made):
    made.collections[NAME]["points_count"] = 100_000_000
    level, said = check(made.url)["size"]
    assert level == "warning"
    assert "EXPECTED_VECTORS=100000000" in said
    made.collections[NAME]["quantization_config"] = {"scalar": {"type": "int8"}}
    assert "size" not in check(made.url)


def test_strict_mode(made):
    made.strict_mode = {"enabled": True, "max_payload_index_count": 100, "max_query_limit": 5000}
    assert "strict mode" not in check(made.url)
    made.strict_mode = {"enabled": True, "max_query_limit": 100, "max_payload_index_count": 3}
    said = check(made.url)["strict mode"][1]
    assert "max_query_limit=100 (needed: 1000)" in said
    assert "max_payload_index_count=3" in said


def test_a_slow_way_to_the_server(made):
    made.before_s = lambda: 0.06
    assert "region" in check(made.url)["round trip"][1]


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


def test_the_command_says_it_all_and_its_exit_status_says_whether_it_is_well(server):
    starter = load_bundle(ROOT / "models/starter").model
    index = cloud_index(Settings(qdrant_url=server.url), starter)
    index.ping()
    index.close()
    status, said = command(server.url)
    assert status == 0, said
    for what in ("server", "key", "collection", "rights", "vectors", "strict mode", "round trip"):
        assert f"ok     {what}" in said
    server.rights = "read"
    assert command(server.url)[0] == 1
    assert command(server.url, "--for", "search")[0] == 0


def test_the_command_has_nothing_to_look_at_without_an_address():
    assert command("") == (2, "QDRANT_URL is not set: the app would use the embedded index.\n")
    status, said = command("http://127.0.0.1:1", ORT_THREADS="many")
    assert status == 2
    assert "ORT_THREADS" in said


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
def test_on_the_clients_local_mode():
    """Which has collections and aliases, and neither versions, payload indexes nor rights."""
    client = QdrantClient(":memory:")
    index = QdrantCloudIndex(lambda: client, spec())
    index.ping()
    found = {each.what: each.level for each in Probe(client, [spec()], must_write=True).run()}
    assert found.pop("payload indexes") == "wrong"
    assert found.pop("copies") == "warning"
    assert found.keys() >= {"collection", "rights", "vectors", "words", "size", "round trip"}
    assert set(found.values()) == {"ok"}
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
        found = Probe(client, [collection_spec(settings, MODEL)], must_write=True).run()
        assert {each.what: each for each in found if each.level == "wrong"} == {}
        client.delete_collection(index.collection)
        client.close()
        index.close()
