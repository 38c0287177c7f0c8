"""Changes between two listings of a container."""

from devhost.blobs.tracker import BlobChanges, ChangeTracker


def test_the_first_listing_is_compared_with_what_was_known():
    tracker = ChangeTracker({"same": "1", "other": "1", "gone": "1"}, settle=False)
    changes = tracker.observe({"same": "1", "other": "2", "new": "1"})
    assert changes == BlobChanges({"other": "2", "new": "1"}, ("gone",))
    assert tracker.observe({"same": "1", "other": "2", "new": "1"}) == BlobChanges()


def test_a_change_is_reported_once_it_has_settled():
    tracker = ChangeTracker({}, settle=True)
    assert tracker.observe({"a": "1"}) == BlobChanges()
    assert tracker.observe({"a": "2"}) == BlobChanges()
    assert tracker.observe({"a": "2"}) == BlobChanges({"a": "2"})
    assert tracker.observe({"a": "2"}) == BlobChanges()


def test_what_goes_before_it_settles_was_never_there():
    tracker = ChangeTracker({}, settle=True)
    tracker.observe({"a": "1"})
    assert tracker.observe({}) == BlobChanges()


def test_a_blob_that_comes_back_is_new_even_with_its_old_etag():
    tracker = ChangeTracker({"a": "1"}, settle=False)
    assert tracker.observe({}).deleted == ("a",)
    assert tracker.observe({"a": "1"}) == BlobChanges({"a": "1"})
