"""Every index: the products that pass a filter."""

from datetime import UTC, datetime, timedelta

import pytest

from shared_code.domain.filters import AllOf, AnyOf, During, Not, OneOf, Range
from tests.index_records import find_matching_ids, picture, search, text


def make_time(hour):
    return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hour)


DATED = {"day", "noon", "east", "next", "no date"}


@pytest.fixture
def shop(index):
    index.write(
        [picture("dress", category="dress", price=20)],
        [
            text("dress", category="dress", price=20, in_stock=True),
            text("shirt", category="shirt", price=19.99, in_stock=False),
            text("hat", category="hat", price=5.0, in_stock=True, größe=58),
            text("both", category=["hat", "dress"], price=[1, 100]),
            text("bare"),
            text("odd", category="größe 👗", price="20", in_stock=1, **{"size (cm)": "40 x 60"}),
            text("day", since="2026-11-23"),
            text("noon", since="2026-11-23T12:00:00Z"),
            text("east", since="2026-11-24T01:00:00+02:00"),
            text("next", since="2026-11-24"),
            text("no date", since="soon"),
        ],
    )
    return index


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (AnyOf("category", ("dress",)), {"dress", "both"}),
        (AnyOf("category", ("dress", "shirt", "none")), {"dress", "both", "shirt"}),
        (AnyOf("category", ("größe 👗",)), {"odd"}),
        (AnyOf("category", ("Dress",)), set()),
        (AnyOf("size (cm)", ("40 x 60",)), {"odd"}),
        (AnyOf("größe", (58,)), {"hat"}),
        (AnyOf("price", (20,)), {"dress"}),
        (AnyOf("price", (20.0,)), {"dress"}),
        (AnyOf("price", (19.99,)), {"shirt"}),
        (AnyOf("price", (5, 19.99)), {"hat", "shirt"}),
        (AnyOf("price", (100,)), {"both"}),
        (AnyOf("in_stock", (True,)), {"dress", "hat"}),
        (AnyOf("in_stock", (False,)), {"shirt"}),
        (AnyOf("in_stock", (True, False)), {"dress", "hat", "shirt"}),
        (Range("price", lt=20), {"shirt", "hat", "both"}),
        (Range("price", lte=20), {"dress", "shirt", "hat", "both"}),
        (Range("price", gt=5, lt=20), {"shirt"}),
        (Range("price", gte=5, lte=5), {"hat"}),
        (Not(AnyOf("category", ("dress",))), {"shirt", "hat", "bare", "odd", *DATED}),
        (Not(Not(AnyOf("category", ("dress",)))), {"dress", "both"}),
        (Not(AnyOf("in_stock", (True,))), {"shirt", "both", "bare", "odd", *DATED}),
        (OneOf((AnyOf("category", ("hat",)), Range("price", gte=20))), {"dress", "hat", "both"}),
        (OneOf((Not(Not(AnyOf("in_stock", (False,)))),)), {"shirt"}),
        (During("since", gte=make_time(0), lt=make_time(24)), {"day", "noon", "east"}),
        (During("since", gt=make_time(0), lte=make_time(12)), {"noon"}),
        (During("since", gte=make_time(23)), {"east", "next"}),
        (AllOf(()), {"dress", "shirt", "hat", "both", "bare", "odd", *DATED}),
        (Not(AllOf(())), set()),
        (AllOf((Range("price", lt=50), Not(AnyOf("category", ("hat",))))), {"dress", "shirt"}),
        (
            Not(AllOf((AnyOf("in_stock", (True,)), Range("price", lt=10)))),
            {"dress", "shirt", "both", "bare", "odd", *DATED},
        ),
    ],
)
def test_a_filter_means_what_it_says(shop, where, expected):
    assert find_matching_ids(shop, where) == expected


def test_pictures_are_filtered_by_the_words_they_carry(shop):
    assert find_matching_ids(shop, AnyOf("category", ("dress",)), "image") == {"dress"}
    assert find_matching_ids(shop, AnyOf("category", ("hat",)), "image") == set()


def test_the_limit_counts_only_what_the_filter_lets_through(index):
    index.write([], [text(f"p{n:02}", angle=n, price=n) for n in range(30)])
    hits = search(index, "text", limit=3, where=Range("price", gte=20))
    assert [hit.product.product_id for hit in hits] == ["p20", "p21", "p22"]
