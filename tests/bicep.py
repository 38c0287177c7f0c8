"""The Bicep of infra/, as pycep parses it; what the deployed app's settings are."""

from typing import Any

from pycep import BicepParser

from devhost.child import ROOT

INFRA = ROOT / "infra"
FILES = sorted(INFRA.glob("*.bicep"))
PARSED = {path.name: BicepParser().parse(text=path.read_text()) for path in FILES}


def settings_set() -> dict[str, Any]:
    variables = PARSED["app.bicep"]["variables"]
    parameters = PARSED["main.bicep"]["modules"]["app"]["config"]["params"]["settings"]
    return {**variables["constants"]["value"], **parameters, **variables["ofTheHost"]["value"]}
