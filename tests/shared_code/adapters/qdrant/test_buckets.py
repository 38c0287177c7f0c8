"""Buckets cut the line of numbers where every parser reads a bound exactly."""

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared_code.adapters.qdrant.buckets import bucket_around
from shared_code.domain.sorting import parse_order
from tests.twins.index import passes_filter
from tests.twins.misreading import read_down, read_like_serde, read_sixteen_digits, read_up

FIELDS = {"price": "number", "since": "date"}
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ORDERS = st.sampled_from(["price", "-price"]).map(lambda by: parse_order(by, FIELDS))


@settings(max_examples=500)
@given(NUMBERS | st.floats(1e10, 1e20) | st.floats(-1000, 1000), ORDERS)
@example(-0.9999999999999999, parse_order("price", FIELDS))
@example(9.999999999999999e22, parse_order("price", FIELDS))
@example(5.0289659787750046e35, parse_order("price", FIELDS))
@example(sys.float_info.max, parse_order("price", FIELDS))
@example(9876543210987654.0, parse_order("price", FIELDS))
@example(5e-324, parse_order("-price", FIELDS))
def test_bounds_are_numbers_that_no_parser_misreads(at, order):
    bucket = bucket_around(at, order)
    for bound in (bucket.low, bucket.high):
        for read in (read_like_serde, read_up, read_down, read_sixteen_digits):
            assert bound is None or read(bound) == bound


@given(NUMBERS, NUMBERS, ORDERS)
@example(0.3, 0.1 + 0.2, parse_order("price", FIELDS))
@example(0.1 + 0.2, 0.3000000000000001, parse_order("-price", FIELDS))
@example(1e23, 9.999999999999999e22, parse_order("-price", FIELDS))
@example(1e300, sys.float_info.max, parse_order("price", FIELDS))
def test_another_product_is_in_the_bucket_before_it_or_after_it(at, other, order):
    bucket = bucket_around(at, order)
    is_in = passes_filter(bucket.is_first_in, {"price": other})
    is_passed = passes_filter(bucket.is_passed, {"price": other})
    assert is_in == (bucket_around(other, order) == bucket)
    assert is_passed == (is_in or order.rank(other) < order.rank(at))


@given(NUMBERS, ORDERS)
def test_a_listing_goes_on_from_where_the_bucket_starts(at, order):
    start = bucket_around(at, order).start
    assert start is None or order.rank(start) <= order.rank(at)


@pytest.mark.parametrize("price", [0.0, 5.0, 9.99, -0.1, 123456.789, 1e22, 1e-20])
def test_a_usual_number_has_a_bucket_by_itself(price):
    bucket = bucket_around(price, parse_order("price", FIELDS))
    assert (bucket.is_single, bucket.low) == (True, price)


def test_a_product_with_several_values_is_in_the_bucket_of_its_first():
    metadata = {"price": [0.1 + 0.2, 5, 9.99]}
    for by, first, others in (("price", 0.1 + 0.2, (5, 9.99)), ("-price", 9.99, (5, 0.1 + 0.2))):
        order = parse_order(by, FIELDS)
        assert passes_filter(bucket_around(first, order).is_first_in, metadata)
        for other in others:
            assert not passes_filter(bucket_around(other, order).is_first_in, metadata)
            assert passes_filter(bucket_around(other, order).is_passed, metadata)
