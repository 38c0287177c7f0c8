"""Saved searches and preferences through their functions."""

from urllib.parse import quote

import pytest

from functions.products import index_product_with_image
from functions.search import search_by_picture, search_by_text, similar_products
from functions.users import (
    delete_preferences,
    delete_saved_search,
    forget_user,
    get_preferences,
    get_saved_search,
    list_saved_searches,
    mark_product,
    put_preferences,
    run_saved_search,
    save_search,
    unmark_product,
)
from shared_code.adapters.users.folder import FolderRows
from shared_code.domain.errors import Unavailable
from shared_code.users.store import MAX_SAVED, Preferences, Users
from tests.functions.conftest import as_form, as_json, assert_problem, body_of, call
from tests.pictures import picture
from tests.twins.users import MemoryRows

ADA, BOB = {"x-user-id": "ada"}, {"x-user-id": "bob"}


@pytest.fixture
def shop(app, tmp_path):
    app.users = Users(FolderRows(tmp_path / "users"))
    for product_id, colour, price in (("r", "red", 5), ("g", "green", 50), ("b", "blue", 500)):
        fields = {"product_id": product_id, "name": f"{colour} thing"}
        fields["metadata"] = f'{{"price": {price}}}'
        form = as_form(fields, [("image_file", "a.png", picture(colour))])
        assert call(index_product_with_image, **form).status_code == 200
    return app


def call_as(user_headers, function, *, body=None, params=None, **route):
    request = as_json(body) if body is not None else {"headers": {}}
    request["headers"] |= user_headers
    return call(function, **request, params=params or {}, route_params=route)


def read_ids(response):
    assert response.status_code == 200, response.get_body()
    return [result["id"] for result in body_of(response)["results"]]


def save_red_search(user_headers=ADA, **search):
    body = {"name": "mine", "search": {"query": "red", **search}}
    response = call_as(user_headers, save_search, body=body)
    assert response.status_code == 201, response.get_body()
    return body_of(response)["id"]


def test_a_saved_search_runs_as_it_was_saved(shop):
    search_id = save_red_search(limit=2, filter={"price": {"lt": 100}})
    stored = body_of(call_as(ADA, get_saved_search, search_id=search_id))
    assert (stored["name"], stored["type"]) == ("mine", "search")
    assert stored["search"] == {"query": "red", "limit": 2, "filter": {"price": {"lt": 100}}}
    assert read_ids(call_as(ADA, run_saved_search, search_id=search_id)) == ["r", "g"]
    page = {"limit": "1", "offset": "1"}
    assert read_ids(call_as(ADA, run_saved_search, search_id=search_id, params=page)) == ["g"]


def test_a_blend_can_be_saved_too(shop):
    body = {"name": "b", "type": "search-hybrid", "search": {"product_id": "r", "query": "green"}}
    search_id = body_of(call_as(ADA, save_search, body=body))["id"]
    assert read_ids(call_as(ADA, run_saved_search, search_id=search_id))[0] == "g"


def test_each_user_has_their_own(shop):
    search_id = save_red_search(ADA)
    assert body_of(call_as(ADA, list_saved_searches))["count"] == 1
    assert body_of(call_as(BOB, list_saved_searches))["count"] == 0
    for function in (get_saved_search, run_saved_search, delete_saved_search):
        assert_problem(call_as(BOB, function, search_id=search_id), 404, says="saved search")
    assert call_as(ADA, delete_saved_search, search_id=search_id).status_code == 200
    assert_problem(call_as(ADA, delete_saved_search, search_id=search_id), 404)


def test_the_user_of_easy_auth_wins_over_the_header(shop):
    save_red_search(ADA)
    pretender = {**ADA, "x-ms-client-principal-id": "mallory"}
    assert body_of(call_as(pretender, list_saved_searches))["count"] == 0


@pytest.mark.parametrize("user_headers", [{}, {"x-user-id": ""}, {"x-user-id": "a b"}])
@pytest.mark.parametrize("function", [list_saved_searches, get_preferences, forget_user])
def test_a_user_must_be_named(shop, function, user_headers):
    assert_problem(call_as(user_headers, function), 400, says="x-user-id")


def test_a_name_of_any_script_is_percent_encoded(shop):
    zoë = {"x-user-id": quote("zoë 👗")}
    save_red_search(zoë)
    assert body_of(call_as(zoë, list_saved_searches))["count"] == 1
    assert_problem(call_as({"x-user-id": "zoë"}, list_saved_searches), 400, says="percent-encode")


def test_too_long_a_name_is_refused_everywhere(shop):
    long = {"x-user-id": "x" * 129}
    assert_problem(call_as(long, list_saved_searches), 400, says="128")
    assert_problem(call_as(long, search_by_text, body={"query": "red"}), 400, says="128")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"name": "", "search": {"query": "a"}}, "name"),
        ({"name": "x" * 201, "search": {"query": "a"}}, "name"),
        ({"name": "x"}, "search"),
        ({"name": "x", "search": {}}, "query"),
        ({"name": "x", "search": {"query": " !"}}, "no word"),
        ({"name": "x", "type": "search-hybrid", "search": {"negative_query": "a"}}, "nothing to"),
        ({"name": "x", "search": {"query": "a", "limit": 0}}, "limit"),
        ({"name": "x", "search": {"query": "a", "filter": {"size": 1}}}, "unknown field"),
        ({"name": "x", "search": {"query": "a", "sort": "name"}}, "sort"),
        ({"name": "x", "type": "search-image", "search": {}}, "type"),
        ({"name": "x", "type": "search-hybrid", "search": {"mode": "auto"}}, "mode"),
        ({"name": "x", "search": {"vector": [0.5] * 4096 + [1]}}, "vector"),
        (
            {"name": "x", "search": {"query": "a", "filter": {"category": ["x" * 400] * 100}}},
            "JSON",
        ),
    ],
)
def test_a_search_that_could_not_run_is_not_saved(shop, body, says):
    assert_problem(call_as(ADA, save_search, body=body), 422, says=says)
    assert body_of(call_as(ADA, list_saved_searches))["count"] == 0


@pytest.mark.parametrize("search_id", ["", "none", "../preferences", "0" * 31, "G" * 32, "é"])
def test_an_unknown_or_malformed_id_is_a_404(shop, search_id):
    assert_problem(call_as(ADA, get_saved_search, search_id=search_id), 404)


def test_the_number_of_saved_searches_is_limited(shop):
    for _ in range(MAX_SAVED):
        shop.users.save_search("ada", "x", "search", {"query": "a"})
    response = call_as(ADA, save_search, body={"name": "x", "search": {"query": "a"}})
    assert_problem(response, 422, says="delete some")


def test_preferences_stand_in_for_what_a_search_leaves_out(shop):
    assert body_of(call_as(ADA, get_preferences)) == {
        "limit": None,
        "mode": None,
        "filter": {},
        "liked": [],
        "hidden": [],
    }
    preferences = {"limit": 1, "mode": "text", "filter": {"price": {"gt": 10}}}
    assert call_as(ADA, put_preferences, body=preferences).status_code == 200
    response = call_as(ADA, search_by_text, body={"query": "red thing"})
    assert len(read_ids(response)) == 1
    assert read_ids(response) != ["r"]
    assert body_of(response)["mode"] == "text"
    own = {"query": "red thing", "limit": 3, "mode": "auto", "filter": {"price": {"lt": 1000}}}
    assert len(read_ids(call_as(ADA, search_by_text, body=own))) == 3
    assert len(read_ids(call_as(BOB, search_by_text, body={"query": "red thing"}))) == 3
    assert len(read_ids(call_as({}, search_by_text, body={"query": "red thing"}))) == 3


def test_preferences_count_only_where_they_are_wanted(shop):
    call_as(ADA, put_preferences, body={"limit": 1, "hidden": ["r"]})
    query = {"query": "red thing", "personal": False}
    assert len(read_ids(call_as(ADA, search_by_text, body=query))) == 3
    form = as_form({"personal": "false"}, [("file", "a.png", picture("green"))])
    form["headers"] |= ADA
    assert len(read_ids(call(search_by_picture, **form))) == 3


def test_a_search_is_answered_without_preferences_that_cannot_be_read(shop):
    class NoRows(MemoryRows):
        def get(self, owner, key):
            raise Unavailable("Table storage does not answer.")

    shop.users = Users(NoRows())
    response = call_as(ADA, search_by_text, body={"query": "red thing"})
    assert len(read_ids(response)) == 3
    assert "preferences were not used" in body_of(response)["warnings"][0]
    assert_problem(call_as(ADA, get_preferences), 503, says="does not answer")


def test_a_preferred_filter_of_fields_that_are_no_more_keeps_nobody_from_searching(shop):
    shop.users.save_preferences("ada", Preferences(limit=2, filter={"size": 1}))
    response = call_as(ADA, search_by_text, body={"query": "red thing"})
    assert len(read_ids(response)) == 2
    assert "size" in body_of(response)["warnings"][0]


def test_liking_keeps_pages_apart_and_complete(shop):
    """A boost must not apply to the second page if the first one did not have it."""
    usual = read_ids(call_as({}, search_by_text, body={"query": "thing", "mode": "text"}))
    call_as(ADA, mark_product, mark="liked", product_id=usual[-1])
    pages = [{"query": "thing", "mode": "text", "limit": 1, "offset": n} for n in range(3)]
    first_ids = [read_ids(call_as(ADA, search_by_text, body=page))[0] for page in pages]
    assert sorted(first_ids) == sorted(usual)


def test_a_liked_product_rises_a_little_and_a_hidden_one_disappears(shop):
    query = {"query": "thing"}
    usual = read_ids(call_as({}, search_by_text, body=query))
    call_as(ADA, mark_product, mark="liked", product_id=usual[1])
    assert read_ids(call_as(ADA, search_by_text, body=query))[0] == usual[1]
    call_as(ADA, mark_product, mark="hidden", product_id=usual[1])
    hidden = call_as(ADA, search_by_text, body=query)
    assert usual[1] not in read_ids(hidden)
    assert "hidden" in body_of(hidden)["warnings"][0]
    call_as(ADA, unmark_product, mark="hidden", product_id=usual[1])
    assert read_ids(call_as(ADA, search_by_text, body=query)) == usual


def test_liking_does_not_make_an_answer_of_what_is_none(shop):
    call_as(ADA, mark_product, mark="liked", product_id="b")
    assert read_ids(call_as(ADA, search_by_text, body={"query": "red thing"}))[0] == "r"


def test_hidden_products_are_in_no_search(shop):
    call_as(ADA, mark_product, mark="hidden", product_id="g")
    form = as_form(files=[("file", "a.png", picture("green"))])
    form["headers"] |= ADA
    assert "g" not in read_ids(call(search_by_picture, **form))
    assert "g" not in read_ids(call_as(ADA, similar_products, product_id="r"))


def test_a_product_is_liked_or_hidden(shop):
    call_as(ADA, mark_product, mark="liked", product_id="r")
    marks = body_of(call_as(ADA, mark_product, mark="hidden", product_id="r"))
    assert (marks["liked"], marks["hidden"]) == ([], ["r"])
    marks_again = body_of(call_as(ADA, mark_product, mark="hidden", product_id="r"))
    assert marks_again["hidden"] == ["r"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"limit": 0}, "limit"),
        ({"mode": "best"}, "mode"),
        ({"filter": {"size": 1}}, "unknown field"),
        ({"liked": ["a"], "hidden": ["a"]}, "not both"),
        ({"liked": "a"}, "liked"),
        ({"liked": ["x"] * 1001}, "liked"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_preferences_are_refused(shop, body, says):
    assert_problem(call_as(ADA, put_preferences, body=body), 422, says=says)


def test_bad_marks_are_refused(shop):
    assert_problem(call_as(ADA, mark_product, mark="loved", product_id="r"), 422, says="mark")
    assert_problem(call_as(ADA, mark_product, mark="liked", product_id="x" * 201), 422)


def test_everything_of_a_user_is_deleted_in_one_call(shop):
    save_red_search(ADA)
    save_red_search(BOB)
    call_as(ADA, mark_product, mark="liked", product_id="r")
    assert body_of(call_as(ADA, forget_user))["rows"] == 2
    assert body_of(call_as(ADA, list_saved_searches))["count"] == 0
    assert body_of(call_as(ADA, get_preferences))["liked"] == []
    assert body_of(call_as(BOB, list_saved_searches))["count"] == 1
    call_as(BOB, mark_product, mark="liked", product_id="r")
    assert body_of(call_as(BOB, delete_preferences))["rows"] == 1
    assert body_of(call_as(BOB, list_saved_searches))["count"] == 1
