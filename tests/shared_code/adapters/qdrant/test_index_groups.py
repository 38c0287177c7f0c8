"""Every index: groups of pictures that are nearly the same."""

import pytest

from shared_code.domain.products import PointRef
from tests.index_records import picture, search, text


@pytest.fixture
def shop(index):
    index.write([picture(p, angle=n) for n, p in enumerate("abc")], [text(p) for p in "abc"])
    index.join_group("g", [picture("a").ref, picture("b").ref, PointRef("absent", "x")])
    return index


def test_a_group_knows_its_products(shop):
    assert shop.groups({"g", "other"}) == {"g": frozenset("ab")}
    assert shop.groups(set()) == {}


def test_pictures_carry_their_group_in_every_result(shop):
    assert {p: i[0].group for p, i in shop.images_of(list("abc")).items()} == {
        "a": "g",
        "b": "g",
        "c": "",
    }
    assert [hit.image.group for hit in search(shop)] == ["g", "g", ""]


def test_new_words_leave_the_group_and_new_content_does_not(shop):
    shop.write([], [text("a", version=2)])
    assert shop.groups({"g"}) == {"g": frozenset("ab")}
    shop.write([picture("a", version=2)], [])
    assert shop.groups({"g"}) == {"g": frozenset("b")}


def test_what_is_deleted_is_in_no_group(shop):
    shop.delete([picture("a").ref])
    shop.delete_product("b")
    assert shop.groups({"g"}) == {}
