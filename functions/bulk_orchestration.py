"""A bulk job as Durable Functions runs it: the job lists segments and starts them, a few at a time;
a segment starts its chunks; three activities do the work.

An orchestrator is replayed from its beginning at each step, so it decides by its history alone:
no clock, no I/O, no ``model_switch()``. What it decides is in ``shared_code.bulk.jobs``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.durable import Steps, TaskPool, activity, call, orchestrator
from shared_code.app import model_switch
from shared_code.bulk import BulkJob, BulkSegment, part_id
from shared_code.indexing import JobCounts, fit_status

if TYPE_CHECKING:
    import azure.durable_functions as df

bp = func.Blueprint()

LISTING = "listing"
"""The key of the activity that lists the next segment; segments have their numbers as keys."""


@orchestrator(bp)
def bulk_job(context: df.DurableOrchestrationContext) -> Steps:
    job = BulkJob.from_json(context.get_input(dict))
    pool, started = TaskPool(context), 0
    while not job.is_done:
        if LISTING not in pool and started < job.generation and job.can_list_ahead:
            pool.call_activity(LISTING, "bulk_list", job.listing_task())
        while started < job.generation and (task := job.begin_segment()):
            number = task["segment"]["number"]
            pool.call_child(number, "bulk_segment", task, part_id(job.id, number))
            started += 1
        context.set_custom_status(job.status())
        if not pool:
            context.continue_as_new(job.to_json())
            return None
        key, result = yield from pool.take_next()
        if key == LISTING:
            job.note_listed(BulkSegment.from_json(result))
        else:
            job.note_done(key, JobCounts.from_json(result))
    context.set_custom_status(job.status())
    return job.status()


@orchestrator(bp)
def bulk_segment(context: df.DurableOrchestrationContext) -> Steps:
    task = context.get_input(dict)
    ids = {"job": task["job"], "into": task["into"], "segment": task["segment"]["number"]}
    pool, tally = TaskPool(context), JobCounts()
    for start, end in task["segment"]["chunks"]:
        pool.call_activity(start, "bulk_index", {**ids, "start": start, "end": end})
    while pool:
        _, result = yield from pool.take_next()
        tally.add(JobCounts.from_json(result))
        context.set_custom_status(fit_status(tally.to_json()))
    closed = yield call(context, "bulk_close", ids)
    tally.add(JobCounts.from_json(closed))
    return tally.to_json()


@activity(bp)
def bulk_list(task: dict[str, Any]) -> dict[str, Any]:
    return model_switch().app_for(task["into"]).bulk.list_segment(task)


@activity(bp)
def bulk_index(task: dict[str, Any]) -> dict[str, Any]:
    return model_switch().app_for(task["into"]).bulk.index_chunk(task)


@activity(bp)
def bulk_close(task: dict[str, Any]) -> dict[str, Any]:
    return model_switch().app_for(task["into"]).bulk.close_segment(task)
