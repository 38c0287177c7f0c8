"""Both Qdrant adapters have what the twin lacks: stored collections, models and distances."""

from dataclasses import replace

import pytest

from shared_code.domain.documents import MAX_METADATA_DEPTH
from shared_code.domain.errors import Misconfigured, Unavailable
from shared_code.domain.filters import AnyOf, Not
from shared_code.domain.products import ImageRef
from tests.index_records import MODEL, OTHER_MODEL, find_matching_ids, picture, search, spec, text


def test_another_index_sees_what_was_written(build_qdrant):
    first = build_qdrant()
    first.write([picture("p")], [text("p")])
    first.close()
    second = build_qdrant()
    assert second.product("p").images == (ImageRef("a.jpg", "p/a.jpg"),)
    assert len(search(second, where=Not(AnyOf("category", ("x",))))) == 1


def test_a_closed_index_says_so(build_qdrant):
    index = build_qdrant()
    index.ping()
    index.close()
    index.close()
    with pytest.raises(Unavailable, match="closed"):
        index.counts()


def test_another_model_is_refused_with_the_remedy(build_qdrant):
    first = build_qdrant()
    first.ping()
    first.close()
    other = build_qdrant(spec(first.collection.partition("__")[0], model=OTHER_MODEL))
    with pytest.raises(Misconfigured, match=f"{first.collection}.*POST reindex"):
        other.counts()


def test_another_distance_is_refused_with_the_remedy(build_qdrant):
    first = build_qdrant()
    first.ping()
    first.close()
    other = build_qdrant(spec(first.collection.partition("__")[0], distance="euclid"))
    with pytest.raises(Misconfigured, match="QDRANT_DISTANCE"):
        other.counts()


def test_a_dimension_that_does_not_fit_is_refused_with_the_remedy(build_qdrant):
    """The manifest was changed by hand: the fingerprint is the same, the vectors are not."""
    first = build_qdrant()
    first.ping()
    first.close()
    changed = replace(MODEL, dimension=MODEL.dimension + 1)
    other = build_qdrant(spec(first.collection.partition("__")[0], model=changed))
    with pytest.raises(Misconfigured, match=f"vectors of {changed.dimension}.*[Ee]xport"):
        other.counts()


def test_a_field_that_changes_its_type_gets_another_index(build_qdrant):
    first = build_qdrant(replace(spec(), fields={"size": "keyword"}))
    first.write([], [text("word", size="5"), text("number", size=5)])
    assert find_matching_ids(first, AnyOf("size", ("5",))) == {"word"}
    alias = first.collection.partition("__")[0]
    first.close()
    second = build_qdrant(replace(spec(alias), fields={"size": "number"}))
    assert second.extremes("size") == (5, 5)
    assert find_matching_ids(second, AnyOf("size", (5,))) == {"number"}


def test_int8_vectors_give_the_same_answers(build_qdrant):
    index = build_qdrant(spec("int8", quantization="int8"))
    index.write([picture("p", f"{a}.jpg", angle=a) for a in (80, 20, 0)], [])
    assert [hit.image.key for hit in search(index)] == ["0.jpg", "20.jpg", "80.jpg"]


def test_the_deepest_metadata_allowed_survives_a_reopening(build_qdrant):
    deepest = 1
    for _ in range(MAX_METADATA_DEPTH - 1):
        deepest = [deepest]
    first = build_qdrant()
    first.write([picture("p", deep=deepest)], [text("p", deep=deepest)])
    first.close()
    assert build_qdrant().product("p").text.metadata == {"deep": deepest}
