"""Calls the Azure CLI for the hooks, in the subscription that azd deploys to.

Python's standard library is all that hooks may use, and of that what Python 3.9 has: they run on
whatever ``python3`` there is.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any


class HookFailed(Exception):
    """The message says what did not work and what to look at."""


def run_az(*arguments: str) -> Any:
    """Returns the JSON that the Azure CLI prints. Raises HookFailed with what it complains about.

    The CLI has a default subscription of its own, which need not be azd's.
    """
    subscription = read_env("AZURE_SUBSCRIPTION_ID")
    command = [find_tool("az", "https://aka.ms/azure-cli"), *arguments]
    process = run([*command, "--subscription", subscription, "-o", "json"])
    if process.returncode != 0:
        raise HookFailed(f"az {' '.join(arguments[:4])}: {join_lines(process)}")
    try:
        return json.loads(process.stdout) if process.stdout.strip() else None
    except ValueError as error:
        raise HookFailed(f"az {' '.join(arguments[:4])} printed no JSON") from error


def read_env(name: str) -> str:
    """Raises HookFailed where azd has not set it."""
    if not os.environ.get(name):
        raise HookFailed(f"{name} not set: run it by azd, or after `azd env get-values`")
    return os.environ[name]


def find_tool(name: str, where: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise HookFailed(f"{name} is not installed: {where}")
    return path


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def join_lines(process: subprocess.CompletedProcess[str]) -> str:
    """Returns what a tool complained about, without its line breaks."""
    return " ".join((process.stderr or process.stdout).split())
