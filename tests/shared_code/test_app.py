import threading
import time

import pytest

from shared_code.app import App, part
from shared_code.settings import Settings


class Counting(App):
    builds = 0

    @part
    def slow(self) -> object:
        type(self).builds += 1
        time.sleep(0.05)
        return object()

    @part
    def flaky(self) -> str:
        type(self).builds += 1
        if self.builds == 1:
            raise RuntimeError("not yet")
        return "built"


@pytest.fixture
def app():
    Counting.builds = 0
    return Counting(Settings())


def test_thirty_two_threads_build_a_part_once(app):
    found = []
    threads = [threading.Thread(target=lambda: found.append(app.slow)) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 32
    assert len(set(map(id, found))) == app.builds == 1


def test_a_failed_build_is_tried_again(app):
    with pytest.raises(RuntimeError):
        _ = app.flaky
    assert app.flaky == "built"


def test_a_part_given_is_never_built():
    assert Counting(Settings(), slow="mine").slow == "mine"


def test_a_closed_runtime_opens_its_queue_anew(tmp_path):
    app = App(Settings(local_dir=tmp_path))
    app.event_queue.send("{}", delay_s=60)
    first = app.event_queue
    app.close()
    assert app.event_queue is not first
    assert app.blob_events.count_waiting() == 1
    app.close()
