"""docs/deploy.md: two lines first, every setting, and what was checked how."""

import json
import re

from devhost import ROOT
from tests.bicep import INFRA

PAGE = (ROOT / "docs" / "deploy.md").read_text()


def test_it_starts_with_two_lines():
    first = re.match(r"# .+\n\n```sh\n(.+)\n(.+)\n```\n", PAGE)
    login, deploy = first.groups()
    assert login == "azd auth login && az login"
    assert deploy.split()[:2] == ["azd", "up"]


def test_the_model_comes_before_all_that_is_optional():
    """What azd asks for, and the command whose words packaging prints."""
    export, settings = PAGE.index("make export"), PAGE.index("## What you may want to set")
    assert PAGE.index("**First, the model.**") < export < settings


def test_the_page_says_where_windows_users_deploy_from():
    assert "On Windows run this in [WSL]" in PAGE.partition("\n## ")[0]


def test_it_names_every_setting_that_azd_hands_to_the_bicep():
    """Those that azd or a hook finds out by itself need no word."""
    parameters = (INFRA / "main.parameters.json").read_text()
    names = set(re.findall(r"\$\{([A-Z_]+)", parameters))
    assert {"MODEL_DIR", "MONTHLY_BUDGET"} <= names
    for name in names - {"AZURE_ENV_NAME", "AZURE_LOCATION", "BUDGET_START"}:
        assert f"`{name}`" in PAGE


def test_the_defaults_it_names_are_those_of_azd():
    parameters = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    for name in ("MAXIMUM_INSTANCE_COUNT", "LOG_DAILY_CAP_GB"):
        [default] = re.findall(rf"\${{{name}=(\d+)}}", json.dumps(parameters))
        assert f"| `{name}` | {default} |" in PAGE


def test_a_table_says_what_was_checked_how():
    [table] = re.findall(r"\| what \| how \| never \|\n\|---\|---\|---\|\n((?:\|.+\n)+)", PAGE)
    for how in ("**parsed**", "**compiled**", "**run**", "**built**"):
        assert how in table
    for row in table.splitlines():
        assert row.split("|")[3].strip(), row
