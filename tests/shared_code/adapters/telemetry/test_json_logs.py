"""One JSON object per line, and nothing in it that somebody sent."""

import io
import json
import logging

import pytest

from shared_code.adapters.telemetry.json_logs import JsonLineFormatter, set_up_logs
from shared_code.domain.call import Call, enter_call


@pytest.fixture
def lines():
    """A logger of its own, and what it has written."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLineFormatter())
    logger = logging.getLogger("shop")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield logger, lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_a_line_is_an_object(lines):
    logger, written = lines
    logger.info("%d of %s\nand more", 3, "naïve")
    assert written() == [{"level": "INFO", "logger": "shop", "message": "3 of naïve\nand more"}]


def test_it_says_which_call_it_belongs_to(lines):
    logger, written = lines
    with enter_call(Call("search_by_text", "r-1")):
        logger.warning("slow")
    logger.warning("nobody's")
    first, second = written()
    assert (first["function"], first["request_id"]) == ("search_by_text", "r-1")
    assert "request_id" not in second


def test_an_exception_is_told_by_its_types_and_places_without_its_text(lines):
    logger, written = lines

    def search(query):
        try:
            {}[query]
        except KeyError as exc:
            raise ValueError(f"bad {query}") from exc

    try:
        search("a red dress")
    except ValueError:
        logger.exception("unhandled error")
    [said] = written()
    assert said["error"] == "ValueError < KeyError"
    assert said["stack"][-1].startswith("test_json_logs.py:")
    assert said["stack"][-1].endswith(" search")
    assert "red dress" not in json.dumps(said)


def test_the_hosts_handlers_stay_and_write_json():
    handler = logging.StreamHandler(io.StringIO())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        set_up_logs("text")
        assert handler.formatter is None
        before = [each.formatter for each in root.handlers]
        set_up_logs("json")
        assert all(isinstance(each.formatter, JsonLineFormatter) for each in root.handlers)
        for each, formatter in zip(root.handlers, before, strict=True):
            each.setFormatter(formatter)
    finally:
        root.removeHandler(handler)
