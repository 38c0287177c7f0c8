"""The orchestrations of bulk jobs as they are, over stand-in activities that only take their time.

What there is to do is said by the name of the job's source, such as ``segs=24;chunks=16;ms=200``.
"""

import time
from typing import Any

import azure.functions as func

from functions.bulk_orchestration import bulk_job, bulk_segment
from functions.durable.triggers import orchestrator

app = func.FunctionApp()
bp = func.Blueprint()
for steps in (bulk_job, bulk_segment):
    orchestrator(bp)(steps)

ITEMS = 10
"""Of a chunk."""


@bp.generic_trigger(arg_name="task", type="activityTrigger")
def bulk_list(task: dict) -> dict:  # type: ignore[type-arg]  # the worker takes plain classes
    plan, number = _plan_of(task["source"]["name"]), task["number"]
    is_last = number + 1 == plan["segs"]
    chunks = [[at * plan["ms"], (at + 1) * plan["ms"]] for at in range(plan["chunks"])]
    return {
        "number": number,
        "items": plan["chunks"] * ITEMS,
        "chunks": chunks,
        "place": None if is_last else number + 1,
    }


@bp.generic_trigger(arg_name="task", type="activityTrigger")
def bulk_index(task: dict) -> dict:  # type: ignore[type-arg]
    time.sleep((task["end"] - task["start"]) / 1_000)  # positions stand for milliseconds
    return _tally(indexed=ITEMS, done=ITEMS, images=ITEMS)


@bp.generic_trigger(arg_name="task", type="activityTrigger")
def bulk_close(task: dict) -> dict:  # type: ignore[type-arg]
    return _tally()


def _plan_of(source: str) -> dict[str, int]:
    return {name: int(value) for name, value in (part.split("=") for part in source.split(";"))}


def _tally(**counts: int) -> dict[str, Any]:
    return {"counts": counts, "problems": []}


app.register_functions(bp)
