"""Each log line is a JSON object, and holds nothing that a caller sent."""

import io
import json
import logging

import pytest

from shared_code.adapters.telemetry.json_logs import JsonLineFormatter, set_up_logs
from shared_code.domain.current_call import Call, enter_call


@pytest.fixture
def logger_and_lines():
    """A logger, and a function that returns what it has written, parsed."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLineFormatter())
    logger = logging.getLogger("shop")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_a_line_is_an_object(logger_and_lines):
    logger, read_lines = logger_and_lines
    logger.info("%d of %s\nand more", 3, "naïve")
    assert read_lines() == [{"level": "INFO", "logger": "shop", "message": "3 of naïve\nand more"}]


def test_it_says_which_call_it_belongs_to(logger_and_lines):
    logger, read_lines = logger_and_lines
    with enter_call(Call("search_by_text", "r-1")):
        logger.warning("slow")
    logger.warning("nobody's")
    first, second = read_lines()
    assert (first["function"], first["request_id"]) == ("search_by_text", "r-1")
    assert "request_id" not in second


def test_an_exception_is_logged_by_its_types_and_places_without_its_text(logger_and_lines):
    logger, read_lines = logger_and_lines

    def search(query):
        try:
            {}[query]
        except KeyError as exc:
            raise ValueError(f"bad {query}") from exc

    try:
        search("a red dress")
    except ValueError:
        logger.exception("unhandled error")
    [line] = read_lines()
    assert line["error"] == "ValueError < KeyError"
    assert line["stack"][-1].startswith("test_json_logs.py:")
    assert line["stack"][-1].endswith(" search")
    assert "red dress" not in json.dumps(line)


def test_the_hosts_handlers_stay_and_write_json():
    handler = logging.StreamHandler(io.StringIO())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        set_up_logs("text")
        assert handler.formatter is None
        before = [root_handler.formatter for root_handler in root.handlers]
        set_up_logs("json")
        assert all(
            isinstance(root_handler.formatter, JsonLineFormatter) for root_handler in root.handlers
        )
        for root_handler, formatter in zip(root.handlers, before, strict=True):
            root_handler.setFormatter(formatter)
    finally:
        root.removeHandler(handler)
