"""Every store of users' rows: a folder, Azurite's table service, and the twin in memory."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared_code.adapters.users.folder import FolderRows
from shared_code.adapters.users.table import TableRows
from shared_code.domain.errors import Unprocessable
from shared_code.domain.ports import MAX_ROW_BYTES
from shared_code.users.store import MAX_MARKED, Preferences, Users
from tests.twins.users import MemoryRows


@pytest.fixture(
    params=["memory", "folder", pytest.param("table", marks=pytest.mark.real("azurite"))]
)
def rows(request, tmp_path):
    if request.param == "memory":
        return MemoryRows()
    if request.param == "folder":
        return FolderRows(tmp_path / "users")
    azurite = request.getfixturevalue("azurite")
    table = f"users{uuid.uuid4().hex[:12]}"  # one that is not there yet
    return TableRows.from_connection_string(azurite.connection_string, table)


def test_nothing_is_there_at_first(rows):
    assert rows.get("owner", "key") is None
    assert rows.all("owner") == {}
    assert rows.keys("owner") == []
    assert rows.delete("owner", "key") is False


def test_a_row_comes_back_whole(rows):
    row = {"name": "été 👗 '\"<>", "nested": {"a": [1, 2.5, None, True]}}
    assert rows.put("owner", "key", row)
    assert rows.get("owner", "key").row == row
    assert rows.put("owner", "key", {"other": 1})
    assert rows.get("owner", "key").row == {"other": 1}


def test_owners_are_separate(rows):
    rows.put("a", "key", {"of": "a"})
    rows.put("b", "key", {"of": "b"})
    rows.put("b", "key-2", {"of": "b"})
    assert rows.all("a") == {"key": {"of": "a"}}
    assert list(rows.all("b")) == rows.keys("b") == ["key", "key-2"]
    assert rows.delete("a", "key")
    assert rows.all("a") == {}
    assert rows.get("b", "key").row == {"of": "b"}


def test_a_write_may_depend_on_what_was_read(rows):
    assert rows.put("owner", "key", {"n": 1}, etag="")
    assert not rows.put("owner", "key", {"n": 0}, etag="")
    etag = rows.get("owner", "key").etag
    assert rows.put("owner", "key", {"n": 2}, etag=etag)
    assert not rows.put("owner", "key", {"n": 3}, etag=etag)
    assert rows.get("owner", "key").row == {"n": 2}
    rows.delete("owner", "key")
    assert not rows.put("owner", "key", {"n": 4}, etag=etag)


@pytest.mark.parametrize("character", ["x", "é", "👗", '"'])
def test_a_row_as_large_as_may_be_comes_back_whole(rows, character):
    size = len(json.dumps(character, ensure_ascii=False).encode()) - 2
    row = {"text": character * ((MAX_ROW_BYTES - 20) // size)}
    assert rows.put("owner", "key", row)
    assert rows.get("owner", "key").row == row
    assert rows.put("owner", "key", {"text": "short"})
    assert rows.get("owner", "key").row == {"text": "short"}


def test_a_row_that_would_not_fit_is_refused(rows):
    with pytest.raises(Unprocessable, match="bytes"):
        rows.put("owner", "key", {"text": "é" * (MAX_ROW_BYTES // 2)})
    assert rows.get("owner", "key") is None


def test_as_many_products_as_may_be_marked_do_fit(rows):
    liked, hidden = ([f"{m}{n:04d}{'x' * 195}" for n in range(MAX_MARKED)] for m in "lh")
    users = Users(rows)
    users.save_preferences("ada", Preferences(liked=liked, hidden=hidden))
    assert users.get_preferences("ada").hidden == hidden


def test_no_simultaneous_change_of_a_row_is_lost(rows):
    users = Users(rows)
    products = [f"p{n}" for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda p: users.mark("ada", "liked", p, on=True), products))
    assert sorted(users.get_preferences("ada").liked) == products
