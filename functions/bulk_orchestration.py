"""A bulk job as Durable Functions runs it: a job lists segments and has them indexed, a few at a
time; a segment has its chunks indexed; three activities do the work.

An orchestrator is run from its beginning at each of its steps, so it decides by its history alone:
no clock, no I/O, no ``runtime()``. What it decides is in ``core.bulk``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.durable import Steps, activity, call, orchestrator
from shared_code.changeover import filling
from shared_code.core.bulk import Job, Segment, part_id
from shared_code.core.bulk_tally import Tally
from shared_code.runtime import runtime

if TYPE_CHECKING:
    import azure.durable_functions as df

bp = func.Blueprint()


@orchestrator(bp)
def bulk_job(context: df.DurableOrchestrationContext) -> Steps:
    job = Job.of_json(context.get_input(dict))
    listing, segments, begun = None, {}, 0
    while not job.is_done:
        if listing is None and begun < job.generation and job.wants_listing:
            listing = call(context, "bulk_list", job.listing())
        while begun < job.generation and (task := job.next_segment()):
            number = task["segment"]["number"]
            instance = part_id(job.id, number)
            segments[number] = context.call_sub_orchestrator(
                "bulk_segment", task, instance, expected_type=dict
            )
            begun += 1
        context.set_custom_status(job.status())
        if listing is None and not segments:
            context.continue_as_new(job.to_json())
            return None
        running = [*segments.values(), *([] if listing is None else [listing])]
        finished = yield context.task_any(running)
        result = yield finished  # raises what it failed with
        if finished is listing:
            job.note_listed(_segment(result))
            listing = None
        else:
            number = next(n for n, task in segments.items() if task is finished)
            del segments[number]
            job.note_done(number, Tally.of_json(result))
    context.set_custom_status(job.status())
    return job.status()


@orchestrator(bp)
def bulk_segment(context: df.DurableOrchestrationContext) -> Steps:
    task = context.get_input(dict)
    about = {"job": task["job"], "into": task["into"], "segment": task["segment"]["number"]}
    chunks = [
        call(context, "bulk_index", {**about, "start": start, "end": end})
        for start, end in task["segment"]["chunks"]
    ]
    tally = Tally()
    while chunks:
        finished = yield context.task_any(chunks)
        tally.add(Tally.of_json((yield finished)))
        chunks.remove(finished)
        context.set_custom_status(tally.to_json())
    closed = yield call(context, "bulk_close", about)
    tally.add(Tally.of_json(closed))
    return tally.to_json()


@activity(bp)
def bulk_list(task: dict[str, Any]) -> dict[str, Any]:
    return filling(runtime(), task["into"]).bulk.list_segment(task)


@activity(bp)
def bulk_index(task: dict[str, Any]) -> dict[str, Any]:
    return filling(runtime(), task["into"]).bulk.index_chunk(task)


@activity(bp)
def bulk_close(task: dict[str, Any]) -> dict[str, Any]:
    return filling(runtime(), task["into"]).bulk.close_segment(task)


def _segment(said: dict[str, Any]) -> Segment:
    """Raises RuntimeError for a source that cannot be listed; the job fails with its words."""
    if "error" in said:
        raise RuntimeError(said["error"])
    return Segment.of_json(said)
