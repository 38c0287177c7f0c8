"""Where users' rows are kept: a folder, and Azurite's table service."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared_code.adapters.users_folder import FolderRows
from shared_code.adapters.users_table import TableRows
from shared_code.core.errors import Misconfigured, Unavailable, Unprocessable
from shared_code.core.users import MAX_ROW_CHARACTERS, Users
from tests.real import free_ports


@pytest.fixture(params=["folder", pytest.param("table", marks=pytest.mark.real("azurite"))])
def rows(request, tmp_path):
    if request.param == "folder":
        return FolderRows(tmp_path / "users")
    azurite = request.getfixturevalue("azurite")
    table = f"users{uuid.uuid4().hex[:12]}"  # one that is not there yet
    return TableRows.from_connection_string(azurite.connection_string, table)


def test_nothing_is_there_at_first(rows):
    assert rows.get("owner", "key") is None
    assert rows.all("owner") == {}
    assert rows.delete("owner", "key") is False


def test_a_row_comes_back_whole(rows):
    row = {"name": "été 👗 '\"<>", "nested": {"a": [1, 2.5, None, True]}}
    assert rows.put("owner", "key", row)
    assert rows.get("owner", "key").row == row
    assert rows.put("owner", "key", {"other": 1})
    assert rows.get("owner", "key").row == {"other": 1}


def test_owners_are_apart(rows):
    rows.put("a", "key", {"of": "a"})
    rows.put("b", "key", {"of": "b"})
    rows.put("b", "key-2", {"of": "b"})
    assert rows.all("a") == {"key": {"of": "a"}}
    assert list(rows.all("b")) == ["key", "key-2"]
    assert rows.delete("a", "key")
    assert rows.all("a") == {}
    assert rows.get("b", "key").row == {"of": "b"}


def test_a_write_may_depend_on_what_was_read(rows):
    assert rows.put("owner", "key", {"n": 1}, etag="")
    assert not rows.put("owner", "key", {"n": 0}, etag="")
    seen = rows.get("owner", "key").etag
    assert rows.put("owner", "key", {"n": 2}, etag=seen)
    assert not rows.put("owner", "key", {"n": 3}, etag=seen)
    assert rows.get("owner", "key").row == {"n": 2}
    rows.delete("owner", "key")
    assert not rows.put("owner", "key", {"n": 4}, etag=seen)


def test_a_row_that_would_not_fit_is_refused(rows):
    rows.put("owner", "key", {"text": "é" * (MAX_ROW_CHARACTERS - 20)})
    with pytest.raises(Unprocessable):
        rows.put("owner", "key", {"text": "é" * MAX_ROW_CHARACTERS})


def test_of_those_who_change_a_row_at_one_time_none_is_lost(rows):
    users = Users(rows)
    products = [f"p{n}" for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda p: users.mark("ada", "liked", p, on=True), products))
    assert sorted(users.preferences("ada").liked) == products


def test_a_table_service_that_does_not_answer_is_told():
    port = free_ports(1)[0]
    connection = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
        f"TableEndpoint=http://127.0.0.1:{port}/a;"
    )
    rows = TableRows.from_connection_string(connection, "users")
    with pytest.raises(Unavailable):
        rows.get("owner", "key")


def test_what_is_no_connection_string_is_told():
    with pytest.raises(Misconfigured):
        TableRows.from_connection_string("nonsense", "users")
