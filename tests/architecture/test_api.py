"""Nothing of the API is left out: what is registered is declared, and what is served is told."""

import re
from pathlib import Path

import pytest

from functions.http.endpoints import CONTRACTS, contract_behind
from functions.http.responses import JSON
from functions.openapi.api import api_document
from functions.openapi.examples import EXAMPLES
from tests.registered_functions import registered_functions

ROOT = Path(__file__).parents[2]


def operations():
    """(method, route below api/) of every HTTP function."""
    return [
        (method.upper(), path.removeprefix("/api/"))
        for path, methods in api_document()["paths"].items()
        for method in methods
    ]


def test_every_http_function_declares_what_it_answers():
    for function in registered_functions():
        if function.is_http_function():
            contract = contract_behind(function.get_user_function())
            name = function.get_function_name()
            assert contract, f"{name} has no @endpoint"
            assert contract.returns is not None or contract.media != JSON, (
                f"{name}: annotate what it returns (a definition of functions.schemas), "
                "or say its media type"
            )
            assert contract.prose, f"{name} has no docstring: it is the summary in the docs"


def test_every_http_function_is_in_the_document():
    registered = [
        method.value
        for function in registered_functions()
        if function.is_http_function()
        for method in function.get_trigger().methods
    ]
    assert len(operations()) == len([m for m in registered if m != "HEAD"]) > 16


def test_what_a_page_embeds_or_links_to_answers_head():
    """Azure's host answers HEAD with 404 where a route does not declare it."""
    routes = {
        function.get_trigger().route
        for function in registered_functions()
        if function.is_http_function()
        and "HEAD" in [m.value for m in function.get_trigger().methods]
    }
    assert routes == {"dashboard", "dashboard/{*path}", "v1/images/{*path}"}


@pytest.mark.parametrize("document", ["docs/api.md", "test.http"])
def test_every_operation_is_told_of(document):
    text = (ROOT / document).read_text()
    for method, route in operations():
        assert re.search(rf"{method} [^ ]*/{pattern(route)}(?![\w/-])", text), (
            f"{method} {route} is not in {document}"
        )


def test_the_documentation_tells_of_nothing_else():
    documented = re.findall(
        r"^### (GET|POST|PUT|PATCH|DELETE) /api/(\S+)$", read("docs/api.md"), re.M
    )
    assert set(documented) == set(operations())


def test_examples_are_of_functions_that_there_are():
    assert set(EXAMPLES) <= {contract.name for contract in CONTRACTS.values()}


def read(name):
    return (ROOT / name).read_text()


def pattern(route):
    """The route with values in place of its parameters; a picture's path has slashes."""
    whole = re.escape(route).replace(r"\{path\}", r"\S+")
    return re.sub(r"\\{\w+\\}", r"[^ /\\n?]+", whole)
