"""The circuit breaker: which calls it refuses, which call probes, and that it closes by itself."""

import threading

import pytest

from shared_code.adapters.breaker import OPEN_S, CircuitBreaker
from shared_code.domain.errors import Misconfigured, Unavailable
from shared_code.domain.urgency import deferrable_work, interactive_request


class Service:
    def __init__(self):
        self.now = 100.0
        self.calls = 0
        self.failure = None
        self.breaker = CircuitBreaker("Qdrant", clock=lambda: self.now)

    def answer(self):
        self.calls += 1
        if self.failure:
            raise self.failure
        return "answer"

    def ask(self):
        with interactive_request():
            return self.breaker.call(self.answer)


@pytest.fixture
def service():
    return Service()


def test_after_a_failure_calls_are_refused_for_a_while(service):
    service.failure = Unavailable("down")
    with pytest.raises(Unavailable, match="down"):
        service.ask()
    for _ in range(10):
        with pytest.raises(Unavailable, match="failed a moment ago: down") as caught:
            service.ask()
        assert 1 <= caught.value.retry_after_s <= OPEN_S
    assert service.calls == 1


def test_it_closes_by_itself(service):
    service.failure = Unavailable()
    with pytest.raises(Unavailable):
        service.ask()
    service.now += OPEN_S
    service.failure = None
    assert [service.ask(), service.ask()] == ["answer", "answer"]


def test_a_failed_probe_opens_it_again(service):
    service.failure = Unavailable("down")
    with pytest.raises(Unavailable):
        service.ask()
    service.now += OPEN_S
    with pytest.raises(Unavailable, match="down"):
        service.ask()
    with pytest.raises(Unavailable, match="a moment ago"):
        service.ask()
    assert service.calls == 2


def test_one_call_at_a_time_probes(service):
    service.failure = Unavailable()
    with pytest.raises(Unavailable):
        service.ask()
    service.now += OPEN_S
    entered, may_end = threading.Event(), threading.Event()

    def slow():
        entered.set()
        may_end.wait(30)
        return "answer"

    def probe():
        with interactive_request():
            service.breaker.call(slow)

    thread = threading.Thread(target=probe)
    thread.start()
    assert entered.wait(30)
    with pytest.raises(Unavailable, match="a moment ago"):
        service.ask()
    may_end.set()
    thread.join(30)
    service.failure = None
    assert service.ask() == "answer"


def test_events_are_never_refused_and_close_it(service):
    service.failure = Unavailable("down")
    for _ in range(3):
        with pytest.raises(Unavailable, match="down"):
            service.breaker.call(service.answer)
    assert service.calls == 3
    service.failure = None
    assert service.breaker.call(service.answer) == "answer"
    assert service.ask() == "answer"


@pytest.mark.parametrize("failure", [Misconfigured("key"), ValueError("bug")])
def test_an_error_that_waiting_would_not_mend_does_not_open_it(service, failure):
    service.failure = failure
    for _ in range(2):
        with pytest.raises(type(failure)):
            service.ask()
    assert service.calls == 2


def test_work_that_can_be_put_off_is_refused_at_once_and_other_work_is_let_through(service):
    service.failure = Unavailable("down")
    with pytest.raises(Unavailable):
        service.ask()
    with deferrable_work(), pytest.raises(Unavailable, match="a moment ago"):
        service.breaker.call(service.answer)
    assert service.calls == 1
    with pytest.raises(Unavailable, match=r"^down"):
        service.breaker.call(service.answer)
    assert service.calls == 2
