"""Sorting by a metadata field, whatever a shop has written there."""

import math
from dataclasses import replace

import pytest

from shared_code.domain.dates import parse_instant
from shared_code.domain.errors import Unprocessable
from shared_code.domain.sorting import list_positions, parse_order, position_to_date

FIELDS = {"price": "number", "since": "date", "category": "keyword"}
ODD = [None, True, "cheap", {}, [], ["cheap"], math.nan]


@pytest.mark.parametrize(
    ("by", "expected"),
    [("price", [-1, [9, 2], 2.5, 3, [None, 7]]), ("-price", [[9, 2], [None, 7], 3, 2.5, -1])],
)
def test_values_without_a_number_come_last_in_their_order(by, expected):
    values = [3, *ODD, -1, [9, 2], 2.5, [None, 7]]
    ordered = sorted(({"price": value} for value in values), key=parse_order(by, FIELDS).key)
    assert [metadata["price"] for metadata in ordered] == [*expected, *ODD]


def test_dates_are_compared_as_instants():
    values = ["2026-11-24T01:00:00+02:00", "2026-11-24", "2026-11-23", 5, "2026-11-23T10:00Z"]
    ordered = sorted(({"since": value} for value in values), key=parse_order("since", FIELDS).key)
    assert [metadata["since"] for metadata in ordered] == [
        values[2],
        values[0],
        values[1],
        *values[3:],
    ]


@pytest.mark.parametrize("by", ["category", "size", "", "-", "--price", "x" * 1000])
def test_a_field_that_cannot_be_sorted_by_is_refused_with_those_that_can(by):
    with pytest.raises(Unprocessable, match="price, since") as caught:
        parse_order(by, FIELDS)
    assert len(caught.value.detail) < 300


@pytest.mark.parametrize(("by", "first", "last"), [("since", 1, 9999), ("-since", 9999, 1)])
def test_dates_are_listed_from_the_first_that_python_holds(by, first, last):
    order = parse_order(by, FIELDS)
    end = replace(order, falling=not order.falling).start
    assert position_to_date(order.start).year == first
    assert position_to_date(end).year == last


@pytest.mark.parametrize("by", ["price", "-price"])
def test_numbers_are_listed_from_the_first_without_naming_it(by):
    assert parse_order(by, FIELDS).start is None


def test_dates_beyond_the_calendar_are_ignored():
    assert list_positions("0001-01-01T00:00:00+12:00", "date") == []
    assert list_positions("9999-12-31T23:59:59-12:00", "date") == []
    assert len(list_positions("9999-12-31T23:59:59Z", "date")) == 1


@pytest.mark.parametrize("value", ["2026-11-23 10:00:00", "2026-11-23t10:00:00.5z"])
def test_what_both_python_and_qdrant_read_is_a_date(value):
    assert parse_instant(value).hour == 10
