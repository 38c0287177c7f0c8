"""A public storefront: a visitor's claim to be a certain user is ignored, and a warning says so."""

from dataclasses import replace

import pytest

from functions.search import search_by_text
from functions.users import run_saved_search, save_search
from shared_code.users.store import Preferences
from tests.functions.conftest import as_json, body_of, call

ADA = {"x-user-id": "ada"}
EASY_AUTH = {"x-ms-client-principal-id": "ada"}


@pytest.fixture
def public(app):
    app.settings = replace(app.settings, public_search=True)
    app.users.save_preferences("ada", Preferences(limit=1, mode="text"))
    return app


def search(user_headers, **body):
    request = as_json({"query": "red", **body})
    request["headers"] |= user_headers
    return body_of(call(search_by_text, **request))


@pytest.mark.parametrize("user_headers", [ADA, EASY_AUTH])
def test_a_claimed_user_changes_no_search_and_a_warning_says_so(public, user_headers):
    body = search(user_headers)
    assert body["mode"] == "auto"
    assert "preferences were not used" in body["warnings"][0]


def test_there_is_no_warning_without_a_user_or_with_personal_off(public):
    assert "warnings" not in search({})
    assert "warnings" not in search(ADA, personal=False)


def test_a_saved_search_still_knows_its_user(public):
    """Its function needs the key, and whoever has the key may name any user."""
    request = as_json({"name": "mine", "search": {"query": "red"}})
    request["headers"] |= ADA
    search_id = body_of(call(save_search, **request))["id"]
    body = body_of(call(run_saved_search, headers=ADA, route_params={"search_id": search_id}))
    assert body["mode"] == "text"
    assert "warnings" not in body
