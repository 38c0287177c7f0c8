"""Order by a metadata field, of whatever a shop has written there."""

import math
from dataclasses import replace

import pytest

from shared_code.domain.dates import parse_instant
from shared_code.domain.errors import Unprocessable
from shared_code.domain.sorting import is_position, list_positions, parse_order

FIELDS = {"price": "number", "since": "date", "category": "keyword"}
ODD = [None, True, "cheap", {}, [], ["cheap"], math.nan]


@pytest.mark.parametrize(
    ("by", "expected"),
    [("price", [-1, [9, 2], 2.5, 3, [None, 7]]), ("-price", [[9, 2], [None, 7], 3, 2.5, -1])],
)
def test_what_has_no_number_comes_last_and_keeps_its_order(by, expected):
    given = [3, *ODD, -1, [9, 2], 2.5, [None, 7]]
    found = sorted(({"price": value} for value in given), key=parse_order(by, FIELDS).key)
    assert [each["price"] for each in found] == [*expected, *ODD]


def test_dates_are_compared_as_instants():
    given = ["2026-11-24T01:00:00+02:00", "2026-11-24", "2026-11-23", 5, "2026-11-23T10:00Z"]
    found = sorted(({"since": value} for value in given), key=parse_order("since", FIELDS).key)
    assert [each["since"] for each in found] == [given[2], given[0], given[1], *given[3:]]


@pytest.mark.parametrize("given", ["category", "size", "", "-", "--price", "x" * 1000])
def test_what_cannot_be_sorted_by_is_told_with_what_can(given):
    with pytest.raises(Unprocessable, match="price, since") as caught:
        parse_order(given, FIELDS)
    assert len(caught.value.detail) < 300


@pytest.mark.parametrize("by", ["price", "-price", "since", "-since"])
def test_an_order_goes_from_its_start_to_its_end(by):
    order = parse_order(by, FIELDS)
    for at in (order.start, 0, 10**15):
        assert order.rank(order.beyond(at)) > order.rank(at)
    end = replace(order, falling=not order.falling).start
    assert is_position(end, order.kind)
    assert not is_position(order.beyond(end), order.kind)


def test_dates_beyond_the_calendar_are_none():
    assert list_positions("0001-01-01T00:00:00+12:00", "date") == []
    assert list_positions("9999-12-31T23:59:59-12:00", "date") == []
    assert len(list_positions("9999-12-31T23:59:59Z", "date")) == 1


@pytest.mark.parametrize("value", ["2026-11-23 10:00:00", "2026-11-23t10:00:00.5z"])
def test_what_both_python_and_qdrant_read_is_a_date(value):
    assert parse_instant(value).hour == 10
