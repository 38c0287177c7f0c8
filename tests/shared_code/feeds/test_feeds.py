"""Feeds as shops export them, and broken ones."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_code.domain.errors import Unprocessable
from shared_code.feeds.items import FeedItem
from shared_code.feeds.reading import detect_format, read_part
from shared_code.feeds.rows import MAX_ROW_BYTES, split_rows
from shared_code.settings import Settings

FIELDS = Settings().filterable_fields


def read_items(feed: bytes | str, *, part: int = 10**9, limit: int = 10**9, known=FIELDS):
    """Returns all items of a feed, read in parts of ``part`` bytes or ``limit`` rows."""
    data = feed.encode() if isinstance(feed, str) else feed
    format_ = detect_format(data)
    feed_items, offset, row = [], format_.offset, format_.row
    while offset < len(data):
        piece, is_last = data[offset : offset + part], offset + part >= len(data)
        part_ = read_part(piece, format_, known, row=row, is_last=is_last, limit=limit)
        assert part_.offset, "no way forward"
        feed_items += part_.items
        offset, row = offset + part_.offset, row + part_.rows
    return feed_items


def read_single_item(feed: bytes | str, **options) -> FeedItem:
    [item] = read_items(feed, **options)
    return item


GOOGLE = (
    "id\ttitle\tdescription\tlink\timage_link\tadditional_image_link\tprice\tavailability\t"
    "brand\tcolor\tproduct_type\tgtin\n"
    "A-1\tRed dress\tLight, for hot days\thttps://shop.example/a1\thttps://cdn.example/a1.jpg\t"
    "https://cdn.example/a2.jpg,https://cdn.example/a3.jpg\t49.99 EUR\tin_stock\tAlba\tred\t"
    "Clothing > Women > Dresses\t0401234567890\n"
)


def test_a_google_merchant_feed_is_understood():
    item = read_single_item(GOOGLE)
    assert (item.product_id, item.name, item.row) == ("A-1", "Red dress", 2)
    assert item.images == tuple(f"https://cdn.example/a{n}.jpg" for n in (1, 2, 3))
    assert item.metadata == {
        "link": "https://shop.example/a1",
        "price": 49.99,
        "currency": "EUR",
        "availability": "in_stock",
        "in_stock": True,
        "brand": "Alba",
        "colour": "red",
        "product_type": "Clothing > Women > Dresses",
        "category": "Dresses",
        "gtin": "0401234567890",
    }


def test_a_spreadsheet_of_a_country_with_decimal_commas():
    feed = '\ufeff"SKU";"Name";"Price";"Gewicht"\r\n"x1";"Blaues Kleid";"1.299,50 €";"0,4"\r\n'
    item = read_single_item(feed)
    assert (item.product_id, item.name) == ("x1", "Blaues Kleid")
    assert item.metadata == {"price": 1299.5, "currency": "EUR", "gewicht": 0.4}


def test_windows_encoding_is_read_and_utf_16_is_named():
    assert (
        read_single_item("id,name\n1,Robe d\u2019été\n".encode("cp1252")).name == "Robe d\u2019été"
    )
    with pytest.raises(Unprocessable, match="UTF-8"):
        detect_format("id,name\n1,x\n".encode("utf-16"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("49.99 EUR", 49.99),
        ("EUR 49.99", 49.99),
        ("$1,299.00", 1299.0),
        ("1.299,00", 1299.0),
        ("1,299", 1299),
        ("12,5", 12.5),
        ("1 299.5", 1299.5),
        ("20", 20),
        ("-3.5", -3.5),
    ],
)
def test_prices_as_they_are_written(text, number):
    assert read_single_item(f'id,price\n1,"{text}"\n').metadata["price"] == number


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("size", "38", 38),
        ("weight", "1.50", 1.5),
        ("article", "0042", "0042"),
        ("ean", "4006381333931", "4006381333931"),
        ("item_group_id", "17", "17"),
        ("vegan", "TRUE", True),
        ("released", "2026-11-23", "2026-11-23"),
        ("version", "1.2.3", "1.2.3"),
        ("huge", "9" * 30, "9" * 30),
        ("category", "42", "42"),
        ("in_stock", "yes", True),
        ("in_stock", "Out of Stock", False),
    ],
)
def test_cells_get_the_type_that_filters_need_or_that_they_look_like(column, text, value):
    metadata = read_single_item(f"id,{column}\n1,{text}\n").metadata
    assert metadata == {column: value}
    assert type(metadata[column]) is type(value)


def test_the_spelling_of_the_shop_s_own_filters_wins():
    assert read_single_item("id,color\n1,red\n", known={"color": "keyword"}).metadata == {
        "color": "red"
    }
    assert read_single_item("id,color\n1,red\n").metadata == {"colour": "red"}
    assert read_single_item("id,availability\n1,in stock\n", known={}).metadata == {
        "availability": "in stock"
    }


def test_empty_cells_are_no_metadata_and_a_name_is_read_off_the_id():
    item = read_single_item("id,name,price,brand\nred-dress,,,\n")
    assert (item.name, item.metadata) == ("Red Dress", {})


def test_json_lines_keep_their_types():
    feed = "\n".join(
        json.dumps(line)
        for line in [
            {"product_id": "a", "name": "A", "images": ["a/1.jpg", "a/2.jpg"], "sizes": [1, 2]},
            {"id": 7, "title": "B", "metadata": {"price": 3, "deep": {"x": None}}, "brand": None},
        ]
    )
    a, b = read_items(feed)
    assert (a.images, a.metadata) == (("a/1.jpg", "a/2.jpg"), {"sizes": [1, 2]})
    assert (b.product_id, b.metadata) == ("7", {"price": 3, "deep": {"x": None}})


BROKEN = [
    ("id,name\n1,x,y\n", "3 fields"),
    ("id,name,c\n1,x\n", "2 fields"),
    ("id,name\n,x\n", "must not be empty"),
    ("id,name\na/b,x\n", "slash"),
    ("id,price\n1,cheap\n", "number"),
    ("id,in_stock\n1,maybe\n", "true or false"),
    ('{"id": 1}\n{"id": \n'[9:], "JSON"),
    ('{"id": {"a": 1}}\n', "string"),
    ('{"id": "x", "image": [1]}\n', "pictures"),
    ('{"id": "x", "v": NaN}\n', "cannot express"),
    ("id,images\n1," + "|".join(f"{n}.jpg" for n in range(60)) + "\n", "limit is 50"),
]


@pytest.mark.parametrize(("feed", "why"), BROKEN)
def test_a_broken_row_is_an_item_that_says_why(feed, why):
    data = feed if feed.startswith(("id", "{")) else '{"id": 0}\n' + feed
    item = read_items(data)[-1]
    assert item.problem
    assert why in item.problem


def test_broken_rows_do_not_stop_the_others():
    items = read_items("id,name\n1,a\n2,b,c\n\n3,d\n")
    assert [(i.row, i.product_id, bool(i.problem)) for i in items] == [
        (2, "1", False),
        (3, "", True),
        (5, "3", False),
    ]


def test_rows_of_one_product_are_one_item_with_the_last_words_and_all_pictures():
    item = read_single_item("id,name,image\n1,Old,1/a.jpg\n1,New,1/b.jpg\n1,New,1/a.jpg\n")
    assert (item.name, item.images, item.row) == ("New", ("1/a.jpg", "1/b.jpg"), 4)


def test_several_columns_of_pictures():
    item = read_single_item('id,image,image,photo\n1,a 1.jpg,"b,1.jpg",c|d.png\n')
    assert item.images == ("a 1.jpg", "b,1.jpg", "c", "d.png")


QUOTED = 'id,name,description\n1,"Two\nlines","says ""hi"", twice"\n2,5" pipe,plain\n3,z,"end"\n'


@pytest.mark.parametrize("part", [40, 64, 10**6])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_quotes_and_line_breaks_in_any_cut(part, newline):
    items = read_items(QUOTED.replace("\n", newline), part=part)
    assert [i.problem for i in items] == [""] * 3
    assert items[0].description == 'says "hi", twice'
    assert items[0].name.split() == ["Two", "lines"]
    assert items[1].name == '5" pipe'


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_parts_by_rows_give_the_same(limit):
    feed = "id,name\n" + "".join(f"{n},name {n}\n" for n in range(50))
    assert read_items(feed, limit=limit) == read_items(feed)
    assert read_items(feed)[-1].row == 51


def test_a_quote_that_is_never_closed_costs_one_row():
    feed = 'id,name\n1,a\n2,"open\n' + "".join(f"{n},b\n" for n in range(3, 20_000))
    items = read_items(feed, part=4_000_000)
    assert [i.row for i in items if i.problem] == [3]
    assert len(items) == 19_999


def test_a_row_longer_than_any_product_is_refused_and_skipped():
    feed = b"id,name\n1,a\n2," + b"x" * (MAX_ROW_BYTES + 10) + b"\n3,c\n"
    assert [(i.product_id, bool(i.problem)) for i in read_items(feed, part=MAX_ROW_BYTES * 2)] == [
        ("1", False),
        ("", True),
        ("3", False),
    ]


@pytest.mark.parametrize(
    ("feed", "why"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b'[{"id": 1}]', "products"),
        (b"<rss>", "neither"),
        (b"name,price\nx,1\n", "no column with product ids .* name, price"),
        (b"PK\x03\x04\0\0", "UTF-8"),
    ],
)
def test_a_file_that_is_no_feed_is_refused_with_the_reason(feed, why):
    with pytest.raises(Unprocessable, match=why):
        detect_format(feed)


def test_the_last_row_needs_no_line_break_and_others_wait_for_theirs():
    assert [r.data for r in split_rows(b"a\nb", number=1, separator=b",", is_last=True)] == [
        b"a",
        b"b",
    ]
    assert [r.data for r in split_rows(b"a\nb", number=1, separator=b",", is_last=False)] == [b"a"]


def test_an_item_survives_json():
    for item in [*read_items(GOOGLE), FeedItem(3, problem="x")]:
        assert FeedItem.from_json(json.loads(json.dumps(item.to_json()))) == item


CELLS = st.text(st.sampled_from('ab";,| \n\r\t\u00e9'), max_size=8).map(str.strip)
TABLES = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12)


@given(TABLES, st.sampled_from([",", ";", "\t"]), st.integers(60, 200))
def test_any_csv_is_read_the_same_in_any_parts(table, separator, part):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator)
    writer.writerow(["id", "name", "description"])
    for at, (name, description) in enumerate(table):
        writer.writerow([f"p{at}", f"n{name}n", description])
    items = read_items(stream.getvalue(), part=part * 2)
    assert [i.product_id for i in items] == [f"p{at}" for at in range(len(table))]
    assert [(i.name, i.description) for i in items] == [
        (f"n{name}n", description) for name, description in table
    ]


@given(st.binary(max_size=300), st.integers(1, 60))
def test_no_bytes_at_all_break_it(data, limit):
    try:
        items = read_items(b"id,name\n" + data, limit=limit)
    except Unprocessable:
        return
    for item in items:
        assert item.problem or item.product_id
