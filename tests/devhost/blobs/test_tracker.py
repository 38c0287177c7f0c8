"""What changed between two listings."""

from devhost.blobs.tracker import Changes, Tracker


def test_the_first_listing_is_compared_with_what_was_known():
    tracker = Tracker({"same": "1", "other": "1", "gone": "1"}, settle=False)
    changes = tracker.observe({"same": "1", "other": "2", "new": "1"})
    assert changes == Changes({"other": "2", "new": "1"}, ("gone",))
    assert tracker.observe({"same": "1", "other": "2", "new": "1"}) == Changes()


def test_a_change_is_reported_once_it_has_settled():
    tracker = Tracker({}, settle=True)
    assert tracker.observe({"a": "1"}) == Changes()
    assert tracker.observe({"a": "2"}) == Changes()
    assert tracker.observe({"a": "2"}) == Changes({"a": "2"})
    assert tracker.observe({"a": "2"}) == Changes()


def test_what_goes_before_it_settles_was_never_there():
    tracker = Tracker({}, settle=True)
    tracker.observe({"a": "1"})
    assert tracker.observe({}) == Changes()


def test_a_blob_that_comes_back_is_new_even_with_its_old_etag():
    tracker = Tracker({"a": "1"}, settle=False)
    assert tracker.observe({}).deleted == ("a",)
    assert tracker.observe({"a": "1"}) == Changes({"a": "1"})
