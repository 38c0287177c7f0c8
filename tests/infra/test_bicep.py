"""The Bicep is read by a parser, and its settings are those that the app reads, both ways.

``bicep build`` and a deployment were not run here: the compiler is no package of PyPI or npm.
"""

import json
import os
import re
import subprocess
from dataclasses import fields

import pytest
import yaml

from devhost import ROOT
from infra.package import Wheels
from shared_code.settings import Settings
from tests.bicep import FILES, INFRA, PARSED, settings_set

NOT_SET = {
    "LOCAL_DIR": "nothing is kept on an instance",
    "MALLOC_ARENA_MAX": "the default is for the deployed app; a plan does not change it",
    "QDRANT_PATH": "of the embedded index, which is not deployed",
    "AZUREWEBJOBSSTORAGE": "a connection string holds a key; the identity is used",
}
"""Settings of the app that a deployment leaves alone, and why."""

OF_THE_HOST = {
    "AzureWebJobsStorage__credential",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AzureWebJobsDisableHomepage",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
"""Set for the Functions host, its worker or libraries; the app reads none of them."""


def test_every_file_is_parsed():
    assert {"main.bicep", "app.bicep", "storage.bicep", "events.bicep"} <= PARSED.keys()


def test_every_setting_that_the_app_reads_is_set_or_its_absence_explained():
    read = {item.name.upper() for item in fields(Settings)}
    deployed = {name.upper() for name in settings_set()}
    assert read - deployed == set(NOT_SET)


def test_nothing_is_set_that_nobody_reads():
    read = {item.name.upper() for item in fields(Settings)}
    assert {name for name in settings_set() if name.upper() not in read} == OF_THE_HOST


def test_the_example_of_local_settings_knows_the_same():
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    deployed = {name.upper() for name in settings_set()} | set(NOT_SET)
    known = {name.upper() for name in example} - {"FUNCTIONS_WORKER_RUNTIME"}
    assert known - deployed == set()


def test_the_constants_are_ones_that_the_app_takes():
    constants = PARSED["app.bicep"]["variables"]["constants"]["value"]
    settings = Settings.from_env({**constants, "APPLICATIONINSIGHTS_CONNECTION_STRING": "a=b"})
    assert settings.blob_trigger_source == "Queue"
    defaults = Settings()
    read = {name: getattr(settings, name.lower()) for name in constants}
    changed = {name for name in read if read[name] != getattr(defaults, name.lower())}
    assert changed == {"BLOB_TRIGGER_SOURCE", "OPENTELEMETRY", "LOG_FORMAT"}


def test_containers_and_tables_are_those_of_the_settings():
    names = PARSED["storage.bicep"]["variables"]["containerNames"]["value"]
    defaults = Settings()
    required = {
        getattr(defaults, f.name) for f in fields(Settings) if f.name.endswith("_container")
    }
    assert required <= {str(name).strip("'") for name in names}
    assert f"name: '{defaults.users_table}'" in (INFRA / "storage.bicep").read_text()


def test_every_file_names_the_same_version_of_python():
    """The Bicep's default, azd's, the hook's, the workflow's and the package's."""
    parameter = PARSED["main.bicep"]["parameters"]["pythonVersion"]
    version = parameter["default"]
    file = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    assert file["pythonVersion"]["value"] == f"${{APP_PYTHON_VERSION={version}}}"
    hooks = yaml.safe_load((ROOT / "azure.yaml").read_text())["services"]["search"]["hooks"]
    assert f"--python ${{APP_PYTHON_VERSION:-{version}}}" in hooks["prepackage"]["posix"]["run"]
    workflow = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    assert f"vars.APP_PYTHON_VERSION || '{version}'" in workflow
    assert Wheels().python == version


def test_the_hook_passes_the_version_of_python_to_the_package(tmp_path):
    """Runs the hook like azd, whose environment may have no version."""
    (tmp_path / "make").write_text('#!/bin/sh\necho "$2"\n')
    (tmp_path / "make").chmod(0o755)
    hooks = yaml.safe_load((ROOT / "azure.yaml").read_text())["services"]["search"]["hooks"]
    for version, expected in (("3.13", "3.13"), ("", "3.11")):
        process = subprocess.run(
            ["sh", "-c", hooks["prepackage"]["posix"]["run"]],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "APP_PYTHON_VERSION": version},
            capture_output=True,
            text=True,
            check=True,
        )
        assert re.findall(r"--python (\S*)", process.stdout) == [expected]


def test_a_body_that_is_too_large_meets_the_apps_413_first():
    """Beyond its own limit Azure's host answers a bare 500, as recorded from it. A form's parts
    are counted by the app, so half as much again leaves room for what stands around them."""
    limit = int(settings_set()["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"])
    assert 1.5 * Settings().max_upload_mb * 1_000_000 < limit < 100_000_000


def test_the_hosts_welcome_page_is_switched_off():
    assert settings_set()["AzureWebJobsDisableHomepage"] == "true"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_and_no_open_door(path):
    text = path.read_text()
    assert "listKeys('" not in text
    assert not re.search(r"allow(SharedKeyAccess|BlobPublicAccess): true", text)
    assert not re.search(r"AccountKey=|password:", text)


def test_modules_get_the_parameters_that_they_declare():
    """The compiler's check: no parameter is missing, none is unknown."""
    for name, module in PARSED["main.bicep"]["modules"].items():
        local = PARSED.get(str(module["detail"].get("full", "")).strip("'"))
        if local is None:
            continue
        config = module["config"]
        passed = set(config.get("params") or config["config"]["params"])  # where it has a condition
        needed = {p for p, detail in local["parameters"].items() if detail.get("default") is None}
        assert needed <= passed <= set(local["parameters"]), name


def test_the_parameters_file_names_parameters():
    values = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    known = PARSED["main.bicep"]["parameters"]
    assert values.keys() <= known.keys()
    needed = {name for name, detail in known.items() if detail.get("default") is None}
    assert needed <= values.keys()


def test_azure_yaml_names_what_is_there():
    azure_yaml = yaml.safe_load((ROOT / "azure.yaml").read_text())
    assert (INFRA / f"{azure_yaml['infra']['module']}.bicep").is_file()
    [service] = azure_yaml["services"]
    assert f"'azd-service-name': '{service}'" in (INFRA / "app.bicep").read_text()
    assert azure_yaml["services"][service]["hooks"]["prepackage"]["posix"]["interactive"] is True
    assert set(azure_yaml["hooks"]) == {"preprovision", "postdeploy"}
    for hook in azure_yaml["hooks"].values():
        assert os.access(ROOT / hook["posix"]["run"], os.X_OK)
        assert hook.keys() == {"posix"}, "Windows deploys from WSL, as docs/deploy.md says"


def test_azd_is_new_enough_to_pack_what_we_assembled():
    """Older ones build remotely, or leave out what .funcignore lets through."""
    project = yaml.safe_load((ROOT / "azure.yaml").read_text())
    assert project["services"]["search"]["remoteBuild"] is False
    oldest = re.fullmatch(r">= (\d+)\.(\d+)\.(\d+)", project["requiredVersions"]["azd"])
    assert tuple(map(int, oldest.groups())) >= (1, 23, 13)
    assert "azd](https://aka.ms/azd) 1.23.13" in (ROOT / "docs" / "deploy.md").read_text()


def test_the_hook_reads_what_the_bicep_says():
    outputs = set(PARSED["main.bicep"]["outputs"])
    hook = (INFRA / "hooks" / "postdeploy.py").read_text()
    read = set(re.findall(r'"((?:AZURE|SERVICE)_[A-Z_]+)"', hook))
    assert "AZURE_VNET_ENABLED" in read
    assert read <= outputs


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_layout_is_that_of_bicep_format(path):
    """Only `bicep format` itself can say so, and CI runs it. These are the two things
    in which our files have differed from it: the body of a loop, and lines wider than 120."""
    for line in path.read_text().splitlines():
        assert not re.search(r"\[for .*\{$", line), line
        assert len(re.sub(r"'[^']*'", "", line)) <= 120, line
