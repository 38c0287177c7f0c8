"""How paths and queries are read, beyond what was recorded."""

import pytest

from devhost.http.urls import decode_escapes, decode_path, join_headers, parse_query


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("%C3%41%E2%82%AC", "%C3A€"),
        ("%e2%82%41", "%e2%82A"),
        ("%F0%9F%91%97%FF", "👗%FF"),
        ("%C0%AF", "%C0%AF"),  # a slash in too many bytes
        ("%F4%90%80%80", "%F4%90%80%80"),  # beyond Unicode
        ("100%", "100%"),
    ],
)
def test_escapes_that_are_no_utf8_stay_as_they_were_written(text, decoded):
    assert decode_escapes(text) == decoded


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/a/b/..", "/a/"),
        ("/a/%2E%2e/b/.", "/b/"),
        ("/../../a", "/a"),
        ("/a//..//b", "/a//b"),
        ("/..%2Fa", "/..%2Fa"),
        ("/a/...", "/a/..."),
    ],
)
def test_dot_segments_are_resolved_after_decoding(raw, path):
    assert decode_path(raw) == path


def test_a_name_of_the_query_keeps_its_last_spelling_even_where_its_value_is_empty():
    assert parse_query("A=1&a=2&B=&b=3&C=4&c=") == {"a": "1,2", "b": "3", "c": "4"}


def test_empty_values_of_repeated_headers_do_not_count():
    headers = [(b"X-A", b""), (b"x-a", b"1"), (b"x-a", b""), (b"x-b", b"")]
    assert join_headers(headers) == {"x-a": "1", "x-b": ""}
