"""Calls every HTTP function and every activity in a Python that lacks Qdrant's embedded engine.

Run as a program by ``test_without_engine.py``. Prints one line of JSON for each function: its
name, and the status and body of its answer, or the text of what it raised.
"""

import asyncio
import inspect
import json
import re
import sys

import azure.functions as func

import function_app
from functions.openapi.examples import EXAMPLES


def main() -> None:
    sys.modules["qdrant_edge"] = None  # it cannot be imported, as where it is not installed
    for function in function_app.app.get_functions():
        trigger = function.get_trigger()
        if trigger.type == "httpTrigger":
            print_outcome(function, call_route(function, trigger))
        elif trigger.type in ("activityTrigger", "timerTrigger"):
            print_outcome(function, call_activity(function, trigger))
    loaded = {"numpy", "onnxruntime", "qdrant_client", "azure.storage.blob"} & sys.modules.keys()
    print(json.dumps({"loaded": sorted(loaded)}))


def call_route(function, trigger):
    example = EXAMPLES.get(function.get_function_name(), {})
    request = func.HttpRequest(
        method=trigger.methods[0].value if trigger.methods else "GET",
        url="http://localhost/api/test",
        headers={"content-type": "application/json", "x-user-id": "ada"},
        params={},
        route_params={
            name: str(example.get(name, "x"))
            for name in re.findall(r"{\*?(\w+)", trigger.route or "")
        },
        body=b"{}",
    )
    clients = [b.name for b in function.get_bindings() if b.type == "durableClient"]
    response = function.get_user_function()(request, **dict.fromkeys(clients))
    if inspect.iscoroutine(response):
        response = asyncio.run(response)
    return {"status": response.status_code, "body": response.get_body().decode()}


def call_activity(function, trigger):
    task = {"job": "job-1", "into": "", "id": "job-1", "restart": True}
    try:
        function.get_user_function()(**{trigger.name: task})
    except Exception as exc:
        return {"raised": f"{type(exc).__name__}: {exc}"}
    return {"raised": ""}


def print_outcome(function, outcome) -> None:
    print(json.dumps({"name": function.get_function_name(), **outcome}), flush=True)


if __name__ == "__main__":
    main()
