"""Own retries against a storage account that fails as it is told to, over real HTTP."""

from contextlib import contextmanager

import pytest
from azure.storage.blob import ContainerClient

from shared_code.adapters.storage.azure.blobs import AzureBlobStore
from shared_code.adapters.storage.azure.retries import LONGEST_PAUSE_S, RETRIES, FullJitter
from shared_code.domain.errors import Unavailable
from tests.failing_service import Failing


@contextmanager
def account(*answers):
    """The store of an account that answers so, and the service itself."""
    with Failing(*((status, headers, b"") for status, headers in answers)) as service:
        url = f"http://127.0.0.1:{service.port}/account"
        client = ContainerClient(url, "images", "bm9ib2R5", retry_policy=FullJitter())
        yield AzureBlobStore(client), service


@pytest.mark.parametrize("bad", [(500, {}), (503, {}), (408, {}), (None, {})])
def test_what_passes_is_tried_again(bad):
    with account(bad, bad, (202, {})) as (store, service):
        assert store.delete("a") is True
        assert len(service.asked) == 3


def test_what_does_not_pass_is_left_to_the_host_soon():
    with account((503, {})) as (store, service):
        with pytest.raises(Unavailable):
            store.delete("a")
        assert len(service.asked) == 1 + RETRIES
        assert sum(service.pauses) < 3


@pytest.mark.parametrize("status", [404, 409, 412])
def test_an_answer_is_not_asked_for_again(status):
    with account((status, {})) as (store, service):
        if status == 404:
            assert store.delete("a") is False
        else:
            with pytest.raises(Unavailable):
                store.delete("a")
        assert len(service.asked) == 1


def test_a_short_retry_after_is_waited_for():
    with account((503, {"Retry-After": "1"}), (202, {})) as (store, service):
        assert store.delete("a") is True
        assert service.pauses[0] >= 1


def test_a_long_retry_after_is_handed_on():
    with account((503, {"Retry-After": "30"})) as (store, service):
        with pytest.raises(Unavailable) as caught:
            store.delete("a")
        assert caught.value.retry_after_s == 30
        assert len(service.asked) == 1


@pytest.mark.parametrize("said", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-3"])
def test_a_retry_after_that_is_no_number_of_seconds(said):
    with account((503, {"Retry-After": said}), (202, {})) as (store, service):
        assert store.delete("a") is True
        assert service.pauses[0] < 1


def test_pauses_grow_and_are_spread():
    policy = FullJitter()
    for count, longest in ((1, 0.5), (2, 1.0), (9, LONGEST_PAUSE_S)):
        pauses = [policy.get_backoff_time({"retry_after_s": 0, "count": count}) for _ in range(200)]
        assert 0 <= min(pauses) < longest * 0.1
        assert longest * 0.9 < max(pauses) <= longest
