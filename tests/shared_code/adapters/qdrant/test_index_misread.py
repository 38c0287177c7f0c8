"""Listings by a number on an engine that reads some numbers a unit off, as a real server does."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex
from shared_code.domain.errors import Unavailable
from shared_code.domain.sorting import parse_order
from tests.index_records import FIELDS, spec, text
from tests.shared_code.adapters.qdrant.conftest import LOCAL_MODE, SerializedClient
from tests.twins import misreading

READERS = [
    misreading.read_like_serde,
    misreading.read_up,
    misreading.read_down,
    misreading.read_sixteen_digits,
]
NEIGHBOURS = [-1.0, -0.9999999999999999, -0.9999999999999998, 0.1 + 0.2, 0.3, 9.99, 3 * 3.33]
LARGE = [1e16, 1e16 + 2, 2.0**60, 2.0**60 + 256, 1764370800000001.0, 9007199254740993.0, 12.5, 0.0]
EXTREME = [1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 1.1e-300, 3.3e120, 1e23, 2e-23]
PRICES = {
    **{f"near {n}": price for n, price in enumerate(NEIGHBOURS)},
    **{f"large {n}": price for n, price in enumerate(LARGE)},
    **{f"extreme {n}": price for n, price in enumerate(EXTREME)},
    **{f"tie {n:02}": -0.9999999999999999 for n in range(30)},
    "several": [0.1 + 0.2, -0.9999999999999999, 5],
    "close": [0.1 + 0.2, 0.3],
    "twice": [1e16 + 2, 1e16 + 2],
    "none": None,
    "word": "cheap",
}


@pytest.fixture(params=["edge", LOCAL_MODE])
def build_misreading(request, tmp_path):
    """Returns what makes an index that misreads numbers with a given reader."""
    indexes, client = [], QdrantClient(":memory:")

    def build_one(reader):
        if request.param == "edge":
            folder = tmp_path / str(len(indexes))
            indexes.append(misreading.MisreadingEdgeIndex(folder, spec()))
        else:
            shared, alias = SerializedClient(client), f"products-{len(indexes)}"
            indexes.append(misreading.MisreadingCloudIndex(lambda: shared, spec(alias)))
        indexes[-1].misread_with(reader)
        return indexes[-1]

    yield build_one
    for index in indexes:
        index.close()
    client.close()


def write_prices(index, prices):
    index.write([], [text(i, price=price) for i, price in prices.items()])


def list_pages(index, by, *, limit, most_pages):
    """Returns the ids of all pages, and how many requests that scroll the dearest page took."""
    ids, cursor, most_scrolls = [], None, 0
    for _ in range(most_pages):
        before = index.scrolls
        page = index.products(limit=limit, cursor=cursor, order=parse_order(by, FIELDS))
        most_scrolls = max(most_scrolls, index.scrolls - before)
        ids += [product.text.product_id for product in page.items]
        cursor = page.cursor
        if cursor is None:
            return ids, most_scrolls
    pytest.fail(f"no end after {most_pages} pages: {ids[:20]}")


def order_exactly(prices, by):
    """Returns the value that stands at each place of the listing; None for those without."""
    order = parse_order(by, FIELDS)
    keys = sorted(order.key({"price": price}) for price in prices.values())
    return [None if is_without else order.rank(rank) for is_without, rank in keys]


def check_listing(index, prices, by, *, limit):
    ids, most_scrolls = list_pages(index, by, limit=limit, most_pages=len(prices) // limit + 2)
    assert sorted(ids) == sorted(prices)
    order = parse_order(by, FIELDS)
    values = [order.position({"price": prices[i]}) for i in ids]
    assert values == order_exactly(prices, by)
    return most_scrolls


@pytest.mark.parametrize("by", ["price", "-price"])
@pytest.mark.parametrize("reader", READERS)
def test_every_product_is_listed_once_whatever_the_engine_misreads(build_misreading, reader, by):
    index = build_misreading(reader)
    write_prices(index, PRICES)
    most_scrolls = [check_listing(index, PRICES, by, limit=limit) for limit in (1, 2, 20)]
    assert max(most_scrolls) <= 7  # one of them asks for the pictures of the page


@pytest.mark.parametrize("reader", READERS)
def test_a_page_of_usual_prices_costs_a_few_requests(build_misreading, reader):
    prices = {f"p{n:02}": price for n, price in enumerate([9.99, 19.9, 5, 129.95, 0.5] * 12)}
    index = build_misreading(reader)
    write_prices(index, prices)
    for by in ("price", "-price"):
        assert check_listing(index, prices, by, limit=20) <= 6


def test_listings_of_dates_stay_as_they_are(build_misreading):
    since = {f"d{n:02}": f"1970-01-01T00:00:00.00000{n % 7}Z" for n in range(21)}
    index = build_misreading(misreading.read_like_serde)
    index.write([], [text(i, since=value) for i, value in since.items()])
    for by in ("since", "-since"):
        ids, _ = list_pages(index, by, limit=2, most_pages=12)
        assert [since[i] for i in ids] == sorted(since.values(), reverse=by == "-since")
        assert len(set(ids)) == 21


@pytest.mark.parametrize("build_misreading", ["edge"], indirect=True)
@pytest.mark.parametrize("by", ["price", "-price"])
def test_more_ties_than_are_sorted_at_a_time_are_listed_by_id(build_misreading, by):
    prices = {f"p{n:04}": (0.1 + 0.2, 0.3000000000000001)[n % 2] for n in range(1100)}
    prices |= {"before": 0.2, "after": 0.4}
    index = build_misreading(misreading.read_like_serde)
    write_prices(index, prices)
    ids, most_scrolls = list_pages(index, by, limit=100, most_pages=12)
    assert sorted(ids) == sorted(prices)
    assert [ids[0], ids[-1]] == (["before", "after"] if by == "price" else ["after", "before"])
    assert most_scrolls <= 8


@pytest.mark.parametrize("build_misreading", ["edge"], indirect=True)
def test_ties_that_become_too_many_between_pages_hide_no_product(build_misreading):
    prices = {f"p{n:04}": (0.1 + 0.2, 0.3000000000000001)[n % 2] for n in range(990)}
    index = build_misreading(misreading.read_like_serde)
    write_prices(index, prices)
    order = parse_order("price", FIELDS)
    page = index.products(limit=100, order=order)
    ids = [product.text.product_id for product in page.items]
    write_prices(index, {f"new {n}": 0.1 + 0.2 for n in range(20)})
    for _ in range(12):
        if page.cursor:
            page = index.products(limit=100, cursor=page.cursor, order=order)
            ids += [product.text.product_id for product in page.items]
    assert page.cursor is None
    assert set(ids) >= prices.keys()
    assert len(ids) <= 100 + 990 + 20


@pytest.mark.parametrize("reader", READERS)
def test_extremes_are_the_shop_s_own_numbers(build_misreading, reader):
    index = build_misreading(reader)
    write_prices(index, {"a": [5, 0.1 + 0.2], "b": 7, "c": -0.9999999999999999})
    first, last = index.extremes("price")
    assert math.isclose(first, -0.9999999999999999, rel_tol=1e-15)
    assert last == 7


@pytest.mark.parametrize("by", ["price", "-price"])
def test_an_engine_that_excludes_nothing_ends_in_an_error_and_not_in_a_loop(build_misreading, by):
    index = build_misreading(lambda number: number)
    write_prices(index, {f"p{n}": n for n in range(30)})
    index.misread_with(lambda number: -1e6 if by == "price" else 1e6)
    with pytest.raises(Unavailable, match="price"):
        list_pages(index, by, limit=2, most_pages=40)


def test_edge_misreads_payloads_as_the_twin_says(tmp_path):
    numbers = [price for price in PRICES.values() if isinstance(price, float)]
    numbers += [n / 7 * 10.0 ** (n % 40 - 20) for n in range(500)]
    index = QdrantEdgeIndex(tmp_path, spec())
    write_prices(index, {f"p{n}": number for n, number in enumerate(numbers)})
    page = index.products(limit=len(numbers))
    index.close()
    stored = {p.text.product_id: p.text.metadata["price"] for p in page.items}
    expected = [misreading.read_like_serde(number) for number in numbers]
    assert [stored[f"p{n}"] for n in range(len(numbers))] == expected
    assert expected != numbers


STEPS = st.integers(-3, 3)
NUMBERS = st.builds(
    lambda number, step: number + step * math.ulp(number),
    st.sampled_from([-1.0, 0.3, 9.99, 1e16, 0.0, 1e-30, 1e23, 1e15]),
    STEPS,
)
VALUES = NUMBERS | st.lists(NUMBERS, max_size=3)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(VALUES, max_size=12),
    reader=st.sampled_from(READERS),
    by=st.sampled_from(["price", "-price"]),
    limit=st.integers(1, 5),
)
def test_any_neighbours_are_listed_once_in_their_order(build_misreading, values, reader, by, limit):
    prices = {f"p{n}": value for n, value in enumerate(values)}
    index = build_misreading(reader)
    write_prices(index, prices)
    check_listing(index, prices, by, limit=limit)
