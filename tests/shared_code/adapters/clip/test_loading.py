"""A model that is loading, that cannot be loaded, and that has too many callers."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared_code.adapters.clip.gate import Gate
from shared_code.adapters.clip.loading import BackgroundLoader
from shared_code.domain.errors import Misconfigured, ModelNotReady, TooBusy
from shared_code.domain.urgency import interactive_request


def test_nobody_waits_longer_than_the_limit_and_the_loading_goes_on():
    may_finish = threading.Event()
    loading = BackgroundLoader(lambda: may_finish.wait(30) and "model", wait_s=0.01)
    with pytest.raises(ModelNotReady) as caught:
        loading.get()
    assert caught.value.retry_after_s >= 1
    assert not loading.is_loaded
    may_finish.set()
    assert loading.start().result(30) == "model"
    assert loading.is_loaded
    assert loading.get() == "model"


def test_beginning_early_makes_the_first_request_wait_less():
    built = []
    loading = BackgroundLoader(lambda: built.append(1) or "model", wait_s=30)
    loading.start().result(30)
    assert built == [1]
    assert loading.get() == "model"
    assert built == [1]


def test_a_failure_reaches_everybody_and_is_tried_again_later():
    tries = []

    def build():
        tries.append(1)
        if len(tries) == 1:
            raise Misconfigured("half-copied")
        return "model"

    patient = BackgroundLoader(build, wait_s=30, rebuild_pause_s=1000)
    for _ in range(3):
        with pytest.raises(Misconfigured, match="half-copied"):
            patient.get()
    assert tries == [1]
    tries.clear()
    eager = BackgroundLoader(build, wait_s=30, rebuild_pause_s=0)
    with pytest.raises(Misconfigured):
        eager.get()
    assert eager.get() == "model"


def start_callers(gate, count):
    """Starts threads that enter the gate; returns them, and a list of their outcomes."""
    outcomes = []

    def enter():
        try:
            with interactive_request(), gate:
                outcomes.append("served")
        except TooBusy as exc:
            outcomes.append(f"refused for {exc.retry_after_s}")

    threads = [threading.Thread(target=enter) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, outcomes


def test_callers_beyond_the_queue_are_refused_and_the_others_served():
    gate = Gate(concurrency=1, queue=3)
    with gate:
        threads, outcomes = start_callers(gate, 8)
        for _ in range(1000):
            if len(outcomes) == 5:
                break
            threading.Event().wait(0.01)
        assert outcomes == ["refused for 1"] * 5
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["refused for 1"] * 5 + ["served"] * 3


def test_a_run_is_quick_when_somebody_waits_and_none_other_is_under_way():
    gate = Gate(concurrency=2, queue=0)
    with gate as is_quick:
        assert not is_quick
    with interactive_request():
        with gate as alone, gate as beside:
            assert (alone, beside) == (True, False)
        with gate as alone_again:
            assert alone_again


def test_with_a_concurrency_of_one_every_run_is_quick():
    gate = Gate(concurrency=1, queue=0)
    with gate as is_quick:
        assert is_quick


def test_events_wait_however_many_they_are():
    gate = Gate(concurrency=2, queue=0)
    most, inside, lock = [0], [0], threading.Lock()

    def work(_):
        with gate:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            threading.Event().wait(0.002)
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(64)))
    assert most[0] == 2
