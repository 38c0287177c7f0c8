"""The Bicep of infra/ as pycep parses it, and the settings of the deployed app."""

from typing import Any

from pycep import BicepParser

from devhost import ROOT

INFRA = ROOT / "infra"
FILES = sorted(INFRA.glob("*.bicep"))
PARSED = {path.name: BicepParser().parse(text=path.read_text()) for path in FILES}


def settings_set() -> dict[str, Any]:
    variables = PARSED["app.bicep"]["variables"]
    parameters = PARSED["main.bicep"]["modules"]["app"]["config"]["params"]["settings"]
    return {**variables["constants"]["value"], **parameters, **variables["ofTheHost"]["value"]}


def decorators(parameter: str) -> dict[str, Any]:
    """Returns the arguments of a main.bicep parameter's decorators, by the decorator's name."""
    listed = PARSED["main.bicep"]["parameters"][parameter]["decorators"]
    return {decorator["type"]: decorator.get("argument") for decorator in listed}


def default_of(parameter: str) -> Any:
    """Returns the default of a parameter of main.bicep, None where it has none."""
    return PARSED["main.bicep"]["parameters"][parameter]["default"]


def module_params(module: str, file: str = "main.bicep") -> dict[str, Any]:
    """Returns what a file gives to one of its modules, whether that has a condition or not."""
    config = PARSED[file]["modules"][module]["config"]
    params: dict[str, Any] = config.get("params") or config["config"]["params"]
    return params
