"""Our own retries against a storage account that fails on purpose, over real HTTP."""

from contextlib import contextmanager

import pytest
from azure.storage.blob import ContainerClient

from shared_code.adapters.storage.azure.blobs import AzureBlobStore
from shared_code.adapters.storage.azure.retries import LONGEST_PAUSE_S, RETRIES, FullJitter
from shared_code.domain.errors import Unavailable
from tests.failing_service import FailingService


@contextmanager
def serve_account(*responses):
    """The store of an account that sends these responses, and the service itself."""
    with FailingService(*((status, headers, b"") for status, headers in responses)) as service:
        url = f"http://127.0.0.1:{service.port}/account"
        client = ContainerClient(url, "images", "bm9ib2R5", retry_policy=FullJitter())
        yield AzureBlobStore(client), service


@pytest.mark.parametrize("bad", [(500, {}), (503, {}), (408, {}), (None, {})])
def test_a_passing_error_is_tried_again(bad):
    with serve_account(bad, bad, (202, {})) as (store, service):
        assert store.delete("a") is True
        assert len(service.requested_at) == 3


def test_a_lasting_error_is_left_to_the_host_soon():
    with serve_account((503, {})) as (store, service):
        with pytest.raises(Unavailable):
            store.delete("a")
        assert len(service.requested_at) == 1 + RETRIES
        assert sum(service.pauses) < 3


@pytest.mark.parametrize("status", [404, 409, 412])
def test_a_final_status_is_not_tried_again(status):
    with serve_account((status, {})) as (store, service):
        if status == 404:
            assert store.delete("a") is False
        else:
            with pytest.raises(Unavailable):
                store.delete("a")
        assert len(service.requested_at) == 1


def test_a_short_retry_after_is_waited_for():
    with serve_account((503, {"Retry-After": "1"}), (202, {})) as (store, service):
        assert store.delete("a") is True
        assert service.pauses[0] >= 1


def test_a_long_retry_after_is_passed_on():
    with serve_account((503, {"Retry-After": "30"})) as (store, service):
        with pytest.raises(Unavailable) as caught:
            store.delete("a")
        assert caught.value.retry_after_s == 30
        assert len(service.requested_at) == 1


@pytest.mark.parametrize("retry_after", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-3"])
def test_a_retry_after_that_is_no_number_of_seconds(retry_after):
    with serve_account((503, {"Retry-After": retry_after}), (202, {})) as (store, service):
        assert store.delete("a") is True
        assert service.pauses[0] < 1


def test_pauses_grow_and_are_spread():
    policy = FullJitter()
    for count, longest in ((1, 0.5), (2, 1.0), (9, LONGEST_PAUSE_S)):
        pauses = [policy.get_backoff_time({"retry_after_s": 0, "count": count}) for _ in range(200)]
        assert 0 <= min(pauses) < longest * 0.1
        assert longest * 0.9 < max(pauses) <= longest
