"""Every index: listings in the order of a field."""

import itertools

import pytest

from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import AnyOf, Range
from shared_code.domain.sorting import parse_order
from tests.index_records import FIELDS, picture, text

PRICES = {
    **{"a": 5, "b": 5.0, "c": 5, "d": 5, "e": 49.5, "f": -1, "g": 2**60},
    **{"several": [100, 5, 7], "same": [5, 5], "odd and 7": ["cheap", 7]},
    **{"word": "cheap", "truth": True, "nothing": None, "inner": {"price": 1}},
}
WITHOUT = {"word", "truth", "nothing", "inner", "bare"}
RISING = [{"f"}, {"a", "b", "c", "d", "same", "several"}, {"odd and 7"}, {"e"}, {"g"}, WITHOUT]
FALLING = [{"g"}, {"several"}, {"e"}, {"odd and 7"}, {"a", "b", "c", "d", "same"}, {"f"}, WITHOUT]

DATES = {
    "day": "2026-11-23",
    "noon": "2026-11-23T12:00:00Z",
    "east": "2026-11-24T01:00:00+02:00",
    "micro": "2026-11-23T23:00:00.000001Z",
    "several": ["2027-01-01", "2025-01-01T00:00:00Z"],
    "first": "0001-01-01",
    "last": "9999-12-31",
    "before": "0001-01-01T00:00:00+12:00",
    "soon": "soon",
}


@pytest.fixture
def shop(index):
    texts = [text(i, price=price) for i, price in PRICES.items()] + [text("bare")]
    index.write([picture("a"), picture("bare", price=5)], texts)
    return index


def make_order(by):
    return parse_order(by, FIELDS)


def list_ids(index, by, *, limit=100, where=None, between=lambda _: None, cursor=None):
    """Returns the ids of all pages; ``between`` is called with the ids so far after each page."""
    ids = []
    while True:
        page = index.products(limit=limit, cursor=cursor, where=where, order=make_order(by))
        assert len(page.items) == limit or page.cursor is None
        assert len(page.cursor or "") < 500  # it is sent in a URL, which Azure limits to 8 KB
        ids += [product.text.product_id for product in page.items]
        cursor = page.cursor
        if cursor is None:
            return ids
        between(ids)


def split_like(ids, groups):
    sizes = itertools.pairwise([0, *itertools.accumulate(map(len, groups))])
    return [set(ids[start:stop]) for start, stop in sizes]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(("by", "groups"), [("price", RISING), ("-price", FALLING)])
def test_every_product_is_listed_once_in_its_place(shop, by, groups, limit):
    ids = list_ids(shop, by, limit=limit)
    assert split_like(ids, groups) == groups
    assert len(ids) == len(set(ids)) == len(PRICES) + 1
    assert ids == list_ids(shop, by, limit=4)


def test_products_come_with_their_pictures(shop):
    page = shop.products(limit=100, order=make_order("price"))
    assert {p.text.product_id for p in page.items if p.images} == {"a", "bare"}


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("by", ["since", "-since"])
def test_dates_are_ordered_as_instants(index, by, limit):
    index.write([], [text(i, since=value) for i, value in DATES.items()])
    rising = ["first", "several", "day", "noon", "east", "micro", "last"]
    falling = ["last", "several", "micro", "east", "noon", "day", "first"]
    ids = list_ids(index, by, limit=limit)
    assert ids[:7] == (rising if by == "since" else falling)
    assert set(ids[7:]) == {"before", "soon"}


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("by", ["since", "-since"])
def test_a_date_that_python_cannot_hold_does_not_hide_the_others(index, by, limit):
    early, late = "0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00"
    since = {
        "partly early": [early, "2026-11-23"],
        "partly late": ["2026-11-24", late],
        "both": [early, "2026-11-25", late],
        "tie": "2026-11-23",
    }
    index.write([], [text(i, since=value) for i, value in since.items()])
    ids = list_ids(index, by, limit=limit)
    groups = [{"partly early", "tie"}, {"partly late"}, {"both"}]
    groups = groups if by == "since" else groups[::-1]
    assert split_like(ids, groups) == groups
    assert len(ids) == len(since)


def test_a_filter_holds_on_every_page(shop):
    dear = Range("price", gte=7)
    assert list_ids(shop, "price", limit=1, where=dear) == ["several", "odd and 7", "e", "g"]
    assert list_ids(shop, "-price", limit=3, where=AnyOf("category", ("none",))) == []


def test_equal_values_lose_no_product_between_pages(index):
    ids = {f"p{n:02}" for n in range(40)}
    index.write([], [text(i, price=9.99) for i in ids])
    listed = list_ids(index, "-price", limit=7)
    assert (len(listed), set(listed)) == (40, ids)


def test_many_values_of_many_products_do_not_hide_others(index):
    index.write([], [text(f"p{n:02}", price=[1, *range(2, 30)]) for n in range(20)])
    index.write([], [text("last", price=99)])
    listed = list_ids(index, "price", limit=3)
    assert (len(listed), listed[-1]) == (21, "last")


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("by", ["price", "-price"])
def test_numbers_that_differ_in_the_last_digit_are_listed_in_their_order(index, by, limit):
    """Edge stores payloads as JSON, and reads some of these back a unit off."""
    prices = [-1, -0.9999999999999999, 0.3, 0.1 + 0.2, 9.99, 3 * 3.33, 1e16, 1e16 + 2, -0.0, 1e300]
    index.write([], [text(str(n), price=price) for n, price in enumerate(prices)])
    ids = list_ids(index, by, limit=limit)
    assert [prices[int(i)] for i in ids] == sorted(prices, reverse=by == "-price")
    assert len(set(ids)) == len(prices)


@pytest.mark.parametrize("by", ["price", "-price"])
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_changes_between_pages_move_no_other_product(shop, by, limit):
    order_before = list_ids(shop, by)
    numbers = iter(range(8))

    def change_products(ids):
        for n in itertools.islice(numbers, 1):
            shop.write([], [text(f"new {n}", price=5), text(f"new bare {n}")])
        shop.delete_product(ids[-1])

    ids = list_ids(shop, by, limit=limit, between=change_products)
    assert [i for i in ids if not i.startswith("new")] == order_before
    assert len(ids) == len(set(ids))


def test_the_last_product_of_a_page_may_be_deleted(shop):
    ids = list_ids(shop, "price")
    first = shop.products(limit=3, order=make_order("price"))
    shop.delete_product(ids[2])
    assert list_ids(shop, "price", cursor=first.cursor) == ids[3:]


def test_a_cursor_belongs_to_its_order(shop):
    cursor = shop.products(limit=2, order=make_order("price")).cursor
    plain = shop.products(limit=2).cursor
    for by in ("-price", "größe", "since"):
        with pytest.raises(Unprocessable, match="cursor"):
            shop.products(limit=2, cursor=cursor, order=make_order(by))
    with pytest.raises(Unprocessable, match="cursor"):
        shop.products(limit=2, cursor=cursor)
    with pytest.raises(Unprocessable, match="cursor"):
        shop.products(limit=2, cursor=plain, order=make_order("price"))


@pytest.mark.parametrize("cursor", ["", "x", "AgAA", "💥", "A" * 1000, "Av_______f_4AAAAAAAA"])
def test_a_foreign_cursor_is_refused(shop, cursor):
    for by in ("price", "-since"):
        with pytest.raises(Unprocessable, match="cursor"):
            shop.products(limit=2, cursor=cursor, order=make_order(by))
