"""A public storefront: who a visitor says to be is not believed, and that is said."""

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


def search(who, **asked):
    request = as_json({"query": "red", **asked})
    request["headers"] |= who
    return body_of(call(search_by_text, **request))


@pytest.mark.parametrize("who", [ADA, EASY_AUTH])
def test_a_claimed_name_changes_no_search_and_that_is_said(public, who):
    answer = search(who)
    assert answer["mode"] == "auto"
    assert "preferences were not used" in answer["warnings"][0]


def test_who_names_nobody_or_wants_no_preferences_is_told_nothing(public):
    assert "warnings" not in search({})
    assert "warnings" not in search(ADA, personal=False)


def test_a_saved_search_still_knows_its_user(public):
    """Its function wants the key, and who has that may name anybody."""
    asked = as_json({"name": "mine", "search": {"query": "red"}})
    asked["headers"] |= ADA
    saved = body_of(call(save_search, **asked))["id"]
    answer = body_of(call(run_saved_search, headers=ADA, route_params={"search_id": saved}))
    assert answer["mode"] == "text"
    assert "warnings" not in answer
