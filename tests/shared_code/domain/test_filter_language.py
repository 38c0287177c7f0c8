"""Filters as callers write them: their meaning, and the errors of wrong ones."""

from datetime import UTC, datetime

import pytest

from shared_code.domain.errors import Unprocessable
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import AllOf, AnyOf, During, Not, OneOf, Range

FIELDS = {"category": "keyword", "price": "number", "in_stock": "bool", "since": "date"}
DAY = datetime(2026, 11, 23, tzinfo=UTC)
END = datetime(2026, 11, 23, 23, 59, 59, 999_999, tzinfo=UTC)
LAST = datetime(9999, 12, 31, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"category": "dress"}, AnyOf("category", ("dress",))),
        ({"category": ["a", "b"]}, AnyOf("category", ("a", "b"))),
        ({"price": 5}, AnyOf("price", (5,))),
        ({"price": {"gt": 1, "lte": 5.5}}, Range("price", gt=1, lte=5.5)),
        ({"in_stock": False}, AnyOf("in_stock", (False,))),
        ({"not": {"category": "a"}}, Not(AnyOf("category", ("a",)))),
        ({"and": [{"price": 1}]}, AllOf((AnyOf("price", (1,)),))),
        ({"or": [{"price": 1}, {}]}, OneOf((AnyOf("price", (1,)), AllOf(())))),
        (
            {"category": "a", "in_stock": True},
            AllOf((AnyOf("category", ("a",)), AnyOf("in_stock", (True,)))),
        ),
        ({"since": "2026-11-23"}, During("since", gte=DAY, lte=END)),
        ({"since": "2026-11-23T13:00:00+01:00"}, During("since", gte=NOON, lte=NOON)),
        (
            {"since": ["2026-11-23", "2026-11-23T12:00:00Z"]},
            OneOf((During("since", gte=DAY, lte=END), During("since", gte=NOON, lte=NOON))),
        ),
        ({"since": "2026-11-23t12:00:00z"}, During("since", gte=NOON, lte=NOON)),
        ({"since": "9999-12-31"}, During("since", gte=LAST, lte=datetime.max.replace(tzinfo=UTC))),
        ({"since": {"gte": "2026-11-23"}}, During("since", gte=DAY)),
        ({"since": {"lt": "2026-11-23"}}, During("since", lt=DAY)),
        ({"since": {"lte": "2026-11-23"}}, During("since", lte=END)),
        ({"since": {"gt": "2026-11-23"}}, During("since", gt=END)),
    ],
)
def test_a_filter_is_parsed(filter_, expected):
    assert parse_filter(filter_, FIELDS) == expected


def make_nested_filter(levels):
    return {"not": make_nested_filter(levels - 1)} if levels else {"price": 1}


@pytest.mark.parametrize(
    ("filter_", "message"),
    [
        ({"colour": "red"}, "category (keyword), in_stock (bool), price (number), since (date)"),
        ({"metadata.price": 1}, "unknown field"),
        ({'price"; drop': 1}, "unknown field"),
        ({"__proto__": {}}, "unknown field"),
        ({"x" * 1000: 1}, "unknown field"),
        ({"": 1}, "unknown field"),
        ({"price": "5"}, "must be a number"),
        ({"price": True}, "must be a number"),
        ({"price": None}, "must be a number"),
        ({"price": float("nan")}, "must be a number"),
        ({"price": 2**64}, "must be a number"),
        ({"price": []}, "empty list"),
        ({"price": [1] * 101}, "100 values"),
        ({"price": {}}, "gt, gte, lt, lte"),
        ({"price": {"like": 1}}, "gt, gte, lt, lte"),
        ({"price": {"gt": "1"}}, "must be a number"),
        ({"category": 5}, "must be a string"),
        ({"category": [["a"]]}, "must be a string"),
        ({"category": {"gt": "a"}}, "numbers and dates"),
        ({"in_stock": "yes"}, "true or false"),
        ({"since": "yesterday"}, "2026-11-23"),
        ({"since": 20261123}, "2026-11-23"),
        ({"since": {"gt": "soon"}}, "2026-11-23"),
        ({"since": "2026-11-23" + "0" * 1000}, "2026-11-23"),
        ({"since": "2026-11-23T10:00Z"}, "2026-11-23"),
        ({"since": "2026-W47-1"}, "2026-11-23"),
        ({"since": "2026-02-30"}, "2026-11-23"),
        ({"since": "\u0662\u0660\u0662\u0666-11-23"}, "2026-11-23"),
        ({"not": "red"}, "filter.not"),
        ({"not": []}, "filter.not"),
        ({"or": []}, "at least one"),
        ({"or": {"price": 1}}, "at least one"),
        ({"and": [1]}, "filter.and"),
        (make_nested_filter(9), "8 levels"),
        ({"or": [{"price": list(range(100))}] * 3}, "200 conditions"),
        ({"or": [{}] * 201}, "200 conditions"),
    ],
)
def test_a_wrong_filter_is_refused_with_the_reason(filter_, message):
    with pytest.raises(Unprocessable) as caught:
        parse_filter(filter_, FIELDS)
    assert message in caught.value.detail
    assert len(caught.value.detail) < 2_000
    assert caught.value.errors[0].field.startswith("filter")


def test_the_deepest_and_the_longest_filter_are_allowed():
    parse_filter(make_nested_filter(8), FIELDS)
    parse_filter({"or": [{"price": list(range(100))}] * 2}, FIELDS)
