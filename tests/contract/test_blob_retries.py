"""Own retries against a storage account that fails as it is told to, over real HTTP."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from azure.storage.blob import ContainerClient

from shared_code.adapters.blob_azure import AzureBlobStore
from shared_code.adapters.blob_retries import LONGEST_PAUSE_S, RETRIES, FullJitter
from shared_code.core.errors import Unavailable


class Failing:
    """Answers with these statuses in turn, the last one for ever; notes when it was asked."""

    def __init__(self, *answers):
        self.asked = []
        outer, answers = self, list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_DELETE(self):
                outer.asked.append(time.monotonic())
                status, headers = answers.pop(0) if len(answers) > 1 else answers[0]
                if status is None:  # hangs up without a word
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {"content-length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def store(self):
        url = f"http://127.0.0.1:{self.server.server_address[1]}/account"
        return AzureBlobStore(ContainerClient(url, "images", "bm9ib2R5", retry_policy=FullJitter()))

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def pauses(self):
        return [late - early for early, late in zip(self.asked, self.asked[1:], strict=False)]


@pytest.fixture
def failing():
    started = []

    def start(*answers):
        started.append(Failing(*answers))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.mark.parametrize("bad", [(500, {}), (503, {}), (408, {}), (None, {})])
def test_what_passes_is_tried_again(failing, bad):
    account = failing(bad, bad, (202, {}))
    assert account.store.delete("a") is True
    assert len(account.asked) == 3


def test_what_does_not_pass_is_left_to_the_host_soon(failing):
    account = failing((503, {}))
    with pytest.raises(Unavailable):
        account.store.delete("a")
    assert len(account.asked) == 1 + RETRIES
    assert sum(account.pauses) < 3


@pytest.mark.parametrize("status", [404, 409, 412])
def test_an_answer_is_not_asked_for_again(failing, status):
    account = failing((status, {}))
    if status == 404:
        assert account.store.delete("a") is False
    else:
        with pytest.raises(Unavailable):
            account.store.delete("a")
    assert len(account.asked) == 1


def test_a_short_retry_after_is_waited_for(failing):
    account = failing((503, {"Retry-After": "1"}), (202, {}))
    assert account.store.delete("a") is True
    assert account.pauses[0] >= 1


def test_a_long_retry_after_is_handed_on(failing):
    account = failing((503, {"Retry-After": "30"}))
    with pytest.raises(Unavailable) as caught:
        account.store.delete("a")
    assert caught.value.retry_after_s == 30
    assert len(account.asked) == 1


@pytest.mark.parametrize("said", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-3"])
def test_a_retry_after_that_is_no_number_of_seconds(failing, said):
    account = failing((503, {"Retry-After": said}), (202, {}))
    assert account.store.delete("a") is True
    assert account.pauses[0] < 1


def test_pauses_grow_and_are_spread():
    policy = FullJitter()
    for count, longest in ((1, 0.5), (2, 1.0), (9, LONGEST_PAUSE_S)):
        pauses = [policy.get_backoff_time({"retry_after_s": 0, "count": count}) for _ in range(200)]
        assert 0 <= min(pauses) < longest * 0.1
        assert longest * 0.9 < max(pauses) <= longest
