"""Checks before `azd provision` whether it can succeed, and says what to do if it cannot.

A virtual network needs a resource provider that few subscriptions have registered; without it azd
fails halfway. A budget needs this month as its start when it is new, and its old start when it
exists. Bicep cannot tell which, so the date is put into azd's environment here.
"""

from __future__ import annotations

import os
import sys
import time

from infra.hooks.azure_cli import HookFailed, find_tool, join_lines, read_env, run, run_az

PROVIDER = "Microsoft.App"
"""The app's subnet is delegated to its environments."""
BUDGET = "monthly"
"""As infra/budget.bicep names it."""


def main() -> None:
    try:
        if os.environ.get("VNET_ENABLED", "").lower() == "true":
            check_provider()
        if os.environ.get("MONTHLY_BUDGET", "0") not in ("", "0"):
            set_budget_start(find_budget_start() or time.strftime("%Y-%m-01", time.gmtime()))
    except HookFailed as problem:
        sys.exit(f"\nNot provisioned: {problem}")


def check_provider() -> None:
    state = (run_az("provider", "show", "-n", PROVIDER) or {}).get("registrationState", "unknown")
    if state != "Registered":
        subscription = read_env("AZURE_SUBSCRIPTION_ID")
        raise HookFailed(
            f"VNET_ENABLED needs the resource provider {PROVIDER}, which is {state} in this "
            f"subscription. An owner can register it, once: "
            f"az provider register -n {PROVIDER} --wait --subscription {subscription}"
        )


def find_budget_start() -> str | None:
    """Returns the first day of the budget that exists; None where there is none."""
    group = f"rg-{read_env('AZURE_ENV_NAME')}"
    if not run_az("group", "exists", "-n", group):
        return None
    path = f"resourceGroups/{group}/providers/Microsoft.Consumption/budgets"
    url = f"/subscriptions/{read_env('AZURE_SUBSCRIPTION_ID')}/{path}?api-version=2023-11-01"
    for budget in (run_az("rest", "--method", "get", "--url", url) or {}).get("value", []):
        if budget["name"] == BUDGET:
            start: str = budget["properties"]["timePeriod"]["startDate"]
            return start[: len("2026-11-01")]
    return None


def set_budget_start(start: str) -> None:
    process = run([find_tool("azd", "https://aka.ms/azd"), "env", "set", "BUDGET_START", start])
    if process.returncode != 0:
        raise HookFailed(f"azd env set BUDGET_START: {join_lines(process)}")
    print(f"the budget of {read_env('MONTHLY_BUDGET')} a month runs from {start}")


if __name__ == "__main__":
    main()
