"""The cloud index when Qdrant fails, and how many requests it makes when Qdrant works."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from qdrant_client.http.exceptions import UnexpectedResponse

from shared_code.adapters.breaker import OPEN_S, CircuitBreaker
from shared_code.adapters.qdrant.cloud.index import OPERATIONS_PER_REQUEST, QdrantCloudIndex
from shared_code.adapters.qdrant.cloud.link import ATTEMPTS, LONGEST_PAUSE_S
from shared_code.adapters.qdrant.points import WORDS_KEYS
from shared_code.domain.errors import Misconfigured, Unavailable
from shared_code.domain.filters import AnyOf
from shared_code.domain.urgency import interactive_request
from shared_code.settings import Settings
from shared_code.wiring import connect_to_qdrant
from tests.index_records import cloud_index, picture, search, spec, text
from tests.local_services import free_ports
from tests.twins.qdrant_server import CUT_OFF, Reply, running_qdrant_server

NAME = spec().name
COLLECTION_URL = f"/collections/{NAME}"
SET_UP = ["GET /aliases", f"GET {COLLECTION_URL}"]
FACET = f"POST {COLLECTION_URL}/facet"


@pytest.fixture
def server():
    with running_qdrant_server() as qdrant:
        yield qdrant


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def build(server, pauses):
    indexes = []

    def build_one(spec_=None):
        settings = Settings(qdrant_url=server.url, qdrant_timeout_s=1)
        indexes.append(
            QdrantCloudIndex(
                lambda: connect_to_qdrant(settings), spec_ or spec(), pause=pauses.append
            )
        )
        return indexes[-1]

    yield build_one
    for index in indexes:
        index.close()


@pytest.fixture
def index(build, server):
    """An index that is set up, on a server whose requests are counted from now on."""
    index = build()
    index.ping()
    server.requests.clear()
    server.bodies.clear()
    return index


class TestRequests:
    def test_a_cold_start_on_an_existing_collection_costs_two(self, index, build, server):
        assert build().counts().images == 2
        assert server.requests == [*SET_UP, FACET]

    def test_a_new_collection_gets_its_indexes_first_and_its_alias_last(self, build, server):
        build().ping()
        indexes = [f"PUT {COLLECTION_URL}/index"] * len(spec().indexes)
        assert server.requests == [
            "GET /aliases",
            f"GET {COLLECTION_URL}/exists",
            f"PUT {COLLECTION_URL}",
            f"GET {COLLECTION_URL}",
            *indexes,
            "POST /collections/aliases",
            "GET /aliases",
            f"GET {COLLECTION_URL}/exists",
        ]
        assert server.aliases == {"products": NAME}
        created = server.collections[NAME]["indexes"]
        assert {key: index["data_type"] for key, index in created.items()} == spec().indexes

    def test_a_write_costs_two(self, index, server):
        index.write([picture("p"), picture("p", "b.jpg")], [text("p")])
        batch, look_up = f"POST {COLLECTION_URL}/points/batch", f"POST {COLLECTION_URL}/points"
        assert server.requests == [batch, look_up]

    def test_a_write_of_old_words_costs_three(self, index, server):
        newer = {"product_id": "p", "name": "n", "description": "", "metadata": {}}
        newer |= {"text_version": 9, "words_etag": "w"}
        server.stored = [{"id": text("p").ref.point_id, "payload": newer}]
        index.write([picture("p", words=3)], [])
        assert len(server.requests) == 3
        [operation] = server.bodies[-1]["operations"]
        assert operation["set_payload"]["payload"] == {k: newer[k] for k in WORDS_KEYS}

    def test_a_large_write_is_sent_in_parts(self, index, server):
        count = OPERATIONS_PER_REQUEST * 2 + 1
        index.write([picture("p", f"{n}.jpg") for n in range(count)], [])
        assert sum(request.endswith("/batch") for request in server.requests) == 3

    def test_two_queries_are_one_request_and_nothing_is_none(self, index, server):
        search(index, where=AnyOf("in_stock", (True,)))
        assert len(server.requests) == 1
        index.write([], [])
        index.delete([])
        index.sources([])
        index.images_of([])
        index.nearest([], limit=1)
        assert len(server.requests) == 1

    def test_int8_may_be_turned_on_and_off_later(self, index, build, server):
        search(build(spec(quantization="int8")))
        assert server.collections[NAME]["quantization_config"]["scalar"]["type"] == "int8"
        [query] = server.bodies[-1]["searches"]
        assert query["params"]["quantization"]["rescore"] is True
        build().ping()
        assert server.collections[NAME]["quantization_config"] is None

    @pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
    def test_the_key_is_sent(self, server):
        settings = Settings(qdrant_url=server.url, qdrant_api_key="hush")
        index = cloud_index(settings)
        index.ping()
        index.close()
        assert server.keys == {"hush"}


class TestTryingAgain:
    @pytest.mark.parametrize(
        "reply",
        [
            Reply(500),
            Reply(502, b"<html>Bad gateway</html>"),
            Reply(503),
            Reply(429),
            Reply(429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
            Reply(CUT_OFF),
        ],
    )
    def test_a_passing_error_is_tried_again(self, index, server, pauses, reply):
        server.replies += [reply] * (ATTEMPTS - 1)
        assert index.counts().images == 2
        assert server.requests == [FACET] * ATTEMPTS
        assert len(pauses) == ATTEMPTS - 1
        assert all(0 <= pause <= LONGEST_PAUSE_S for pause in pauses)

    @pytest.mark.parametrize("reply", [Reply(503), Reply(429), Reply(CUT_OFF)])
    def test_three_failures_are_an_outage(self, index, server, reply):
        server.replies += [reply] * ATTEMPTS
        with pytest.raises(Unavailable, match="Qdrant"):
            index.counts()
        assert len(server.requests) == ATTEMPTS

    def test_a_time_out_is_tried_again(self, index, server):
        server.replies.append(Reply(after_s=1.5))
        started = time.monotonic()
        assert index.counts().images == 2
        assert time.monotonic() - started >= 1
        assert server.requests == [FACET] * 2

    def test_a_short_retry_after_is_waited_for(self, index, server, pauses):
        server.replies.append(Reply(429, headers={"Retry-After": "1"}))
        index.counts()
        assert pauses == [1]

    def test_a_long_retry_after_is_passed_on_to_the_caller(self, index, server, pauses):
        server.replies.append(Reply(429, headers={"Retry-After": "30"}))
        with pytest.raises(Unavailable) as caught:
            index.counts()
        assert caught.value.retry_after_s == 30
        assert (len(server.requests), pauses) == (1, [])

    def test_a_port_that_nobody_listens_on_is_an_outage(self, pauses):
        [port] = free_ports(1)
        settings = Settings(qdrant_url=f"http://127.0.0.1:{port}")
        index = QdrantCloudIndex(lambda: connect_to_qdrant(settings), spec(), pause=pauses.append)
        with pytest.raises(Unavailable, match="does not answer"):
            index.ping()
        index.close()
        assert len(pauses) == ATTEMPTS - 1

    def test_a_failed_set_up_is_tried_again_on_the_next_call(self, build, server):
        server.replies += [Reply(503)] * ATTEMPTS
        index = build()
        with pytest.raises(Unavailable):
            index.counts()
        assert index.counts().images == 2

    def test_threads_that_waited_for_a_failed_set_up_share_its_failure(self, build, server):
        server.replies += [Reply(503, after_s=0.3)] * 100
        index, barrier = build(), threading.Barrier(8)

        def call(_):
            barrier.wait()
            with pytest.raises(Unavailable):
                index.counts()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(call, range(8)))
        assert len(server.requests) == ATTEMPTS

    def test_a_collection_deleted_meanwhile_is_made_anew(self, index, server):
        del server.collections[NAME], server.aliases["products"]
        with pytest.raises(Unavailable, match="gone"):
            index.counts()
        assert index.counts().images == 2
        assert server.aliases == {"products": NAME}

    def test_another_process_may_make_the_collection_at_the_same_moment(self, build, server):
        build().ping()
        server.aliases.clear()
        nothing_yet = {"result": {"exists": False}, "status": "ok"}
        server.replies += [Reply(body={"result": {"aliases": []}, "status": "ok"})]
        server.replies += [Reply(body=nothing_yet), Reply(409, {"status": {"error": "exists"}})]
        assert build().counts().images == 2


class TestSettingsThatCannotWork:
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_key_is_named_and_not_tried_again(self, index, server, status):
        server.replies.append(Reply(status))
        with pytest.raises(Misconfigured, match="QDRANT_API_KEY"):
            index.counts()
        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(200, b"<html>Welcome</html>"),
            Reply(200, {"result": "unexpected"}),
            Reply(301, headers={"Location": "https://example.com"}),
            Reply(404, b"<html>Not found</html>"),
        ],
    )
    def test_a_server_that_is_no_qdrant_is_recognised(self, build, server, reply):
        server.replies.append(reply)
        with pytest.raises(Misconfigured, match="QDRANT_URL"):
            build().counts()
        assert len(server.requests) == 1

    @pytest.mark.parametrize("url", ["http://[", "http://host:port", "http://:99999999"])
    def test_a_url_that_cannot_be_parsed(self, url):
        index = cloud_index(Settings(qdrant_url=url))
        with pytest.raises(Misconfigured, match="QDRANT_URL"):
            index.ping()

    def test_an_alias_that_a_collection_has_taken(self, build, server):
        server.refused_path = "/collections/aliases"
        with pytest.raises(Misconfigured, match="QDRANT_COLLECTION"):
            build().ping()

    def test_a_request_that_is_wrong_is_a_bug_and_stays_one(self, index, server):
        server.replies.append(Reply(400, {"status": {"error": "Wrong input"}}))
        with pytest.raises(UnexpectedResponse):
            index.counts()
        assert len(server.requests) == 1


class TestADownServer:
    """An outage as HTTP callers see it; events try longer (``TestTryingAgain``)."""

    @pytest.fixture
    def clock(self):
        return [100.0]

    @pytest.fixture
    def index(self, server, clock):
        settings = Settings(qdrant_url=server.url, qdrant_timeout_s=1)
        breaker = CircuitBreaker("Qdrant", clock=lambda: clock[0])
        index = QdrantCloudIndex(lambda: connect_to_qdrant(settings), spec(), breaker=breaker)
        index.ping()
        server.requests.clear()
        yield index
        index.close()

    def test_after_one_time_out_callers_are_refused_at_once(self, index, server, clock):
        server.replies += [Reply(CUT_OFF, after_s=3)] * 20
        with interactive_request():
            started = time.monotonic()
            with pytest.raises(Unavailable):
                index.counts()
            assert time.monotonic() - started < 2.5  # one time-out of a second, not three
            for _ in range(50):
                with pytest.raises(Unavailable) as caught:
                    index.counts()
                assert caught.value.retry_after_s >= 1
        assert len(server.requests) == 1
        server.replies.clear()
        clock[0] += OPEN_S
        with interactive_request():
            assert index.counts().images == 2
            assert index.counts().images == 2

    def test_callers_do_not_pile_up(self, index, server):
        server.replies += [Reply(503, b"{}")] * 200

        def count_points(_):
            with interactive_request(), pytest.raises(Unavailable):
                index.counts()

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(count_points, range(64)))
        assert len(server.requests) <= 16 * ATTEMPTS
