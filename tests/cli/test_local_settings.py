"""How the commands read local.settings.json."""

import json
import os

import pytest

from cli import InvalidLocalSettings, load_local_settings

NAME = "A_SETTING_OF_THIS_TEST"


@pytest.fixture
def unset(monkeypatch):
    """Takes the setting out of the environment, and restores it afterwards."""
    monkeypatch.setenv(NAME, "")
    monkeypatch.delenv(NAME)


def write(folder, text):
    (folder / "local.settings.json").write_text(text, encoding="utf-8-sig")
    return folder


def test_values_go_into_the_environment_and_the_host_section_is_returned(tmp_path, unset):
    settings = {"IsEncrypted": False, "Values": {NAME: "1"}, "Host": {"CORS": "*"}}
    assert load_local_settings(write(tmp_path, json.dumps(settings))) == {"CORS": "*"}
    assert os.environ[NAME] == "1"


def test_the_environment_wins(tmp_path, monkeypatch):
    monkeypatch.setenv(NAME, "mine")
    load_local_settings(write(tmp_path, json.dumps({"Values": {NAME: "1"}})))
    assert os.environ[NAME] == "mine"


def test_a_missing_file_is_an_empty_one(tmp_path):
    assert load_local_settings(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"IsEncrypted": true}', "func settings decrypt"),
        ('{"Values": {"PORT": 1}}', "the value of PORT must be a string"),
        ("{", "is not valid JSON"),
        ("[]", "must hold a JSON object"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, text, message):
    with pytest.raises(InvalidLocalSettings, match=message):
        load_local_settings(write(tmp_path, text))
