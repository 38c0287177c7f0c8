"""Every index: the values that there are to filter by."""

import pytest

from shared_code.domain.filters import AnyOf, Range
from tests.index_records import list_all_products, picture, text


@pytest.fixture
def shop(index):
    index.write(
        [picture("a", category="dress", price=5), picture("a", "b.jpg", category="dress")],
        [
            text("a", category="dress", price=5, in_stock=True, since="2026-11-23"),
            text("b", category="dress", price=49.5, in_stock=False, since="2025-01-01T10:00:00Z"),
            text("c", category=["shoe", "dress"], price=[1, 100], in_stock=True),
            text("d", category="hat", price="cheap", since="soon"),
            text("e"),
        ],
    )
    return index


def test_values_are_counted_by_product(shop):
    counts = shop.facet("category", limit=10)
    assert counts == [("dress", 3), ("hat", 1), ("shoe", 1)]
    assert dict(shop.facet("in_stock", limit=10)) == {True: 2, False: 1}
    assert shop.facet("size (cm)", limit=10) == []


def test_the_limit_keeps_the_most_frequent(shop):
    assert shop.facet("category", limit=1) == [("dress", 3)]


def test_a_filter_narrows_the_counts(shop):
    cheap = Range("price", lt=10)
    assert dict(shop.facet("category", limit=10, where=cheap)) == {"dress": 2, "shoe": 1}
    assert shop.facet("category", limit=10, where=AnyOf("category", ("none",))) == []


def test_numbers_and_dates_have_extremes(shop):
    assert shop.extremes("price") == (1, 100)
    assert shop.extremes("price", where=AnyOf("category", ("hat",))) is None
    assert shop.extremes("price", where=AnyOf("in_stock", (False,))) == (49.5, 49.5)
    assert shop.extremes("since") == ("2025-01-01T10:00:00Z", "2026-11-23")
    assert shop.extremes("größe") is None


def test_extremes_of_several_values_are_those_that_can_be_compared(index):
    dates = ["2026-11-23T23:30:00Z", "soon", "2026-11-24T00:30:00+02:00"]
    index.write([], [text("p", price=["cheap", 7, None, 9.5], since=dates)])
    assert index.extremes("price") == (7, 9.5)
    assert index.extremes("since") == (dates[2], dates[0])


def test_matching_products_are_counted(shop):
    assert shop.matching(None) == 5
    assert shop.matching(AnyOf("category", ("dress",))) == 3
    assert shop.matching(AnyOf("category", ("none",))) == 0


def test_a_listing_can_be_filtered(shop):
    dresses = AnyOf("category", ("dress",))
    ids, cursor = [], None
    while True:
        page = shop.products(limit=2, cursor=cursor, where=dresses)
        ids += [product.text.product_id for product in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(ids) == ["a", "b", "c"]
    assert len(list_all_products(shop, limit=2)) == 5


def test_a_listing_is_stable_while_products_come_and_go(shop):
    first = shop.products(limit=2)
    later = [p.text.product_id for p in list_all_products(shop, limit=5)][2:]
    shop.delete_product(first.items[0].text.product_id)
    shop.write([], [text("new")])
    rest = shop.products(limit=10, cursor=first.cursor)
    assert [p.text.product_id for p in rest.items if p.text.product_id != "new"] == later
