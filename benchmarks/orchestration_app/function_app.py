"""The app's own orchestrations of bulk jobs, over stand-in activities that only sleep.

The name of the job's source gives the shape of the job, such as ``segs=24;chunks=16;ms=200``.
"""

import time
from typing import Any

import azure.functions as func

from functions.bulk import bulk_job, bulk_segment
from functions.durable import orchestrator

app = func.FunctionApp()
bp = func.Blueprint()
for steps in (bulk_job, bulk_segment):
    orchestrator(bp)(steps)

ITEMS = 10
"""In a chunk."""


@bp.generic_trigger(arg_name="task", type="activityTrigger")
def bulk_list(task: dict) -> dict:  # type: ignore[type-arg]  # the worker takes plain classes
    shape, number = _parse_shape(task["source"]["name"]), task["number"]
    is_last = number + 1 == shape["segs"]
    chunks = [[at * shape["ms"], (at + 1) * shape["ms"]] for at in range(shape["chunks"])]
    return {
        "number": number,
        "items": shape["chunks"] * ITEMS,
        "chunks": chunks,
        "place": None if is_last else number + 1,
    }


@bp.generic_trigger(arg_name="task", type="activityTrigger")
def bulk_index(task: dict) -> dict:  # type: ignore[type-arg]
    time.sleep((task["end"] - task["start"]) / 1_000)  # positions stand for milliseconds
    return _make_counts(indexed=ITEMS, done=ITEMS, images=ITEMS)


@bp.generic_trigger(arg_name="task", type="activityTrigger")
def bulk_close(task: dict) -> dict:  # type: ignore[type-arg]
    return _make_counts()


def _parse_shape(source: str) -> dict[str, int]:
    return {name: int(value) for name, value in (part.split("=") for part in source.split(";"))}


def _make_counts(**counts: int) -> dict[str, Any]:
    return {"counts": counts, "problems": []}


app.register_functions(bp)
