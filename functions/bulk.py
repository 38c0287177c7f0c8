"""Bulk jobs: index everything below a prefix, or a whole catalogue feed, with one call.

POST index-batch starts the orchestration ``bulk_job``: it lists segments and starts them, a few at
a time; a segment starts its chunks; three activities do the work. An orchestrator is replayed from
its beginning at each step, so it decides by its history alone: no clock, no I/O, no
``model_switch()``. The decisions are in ``shared_code/bulk/jobs.py``, the work of the activities
in ``shared_code/bulk/work.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import azure.functions as func

from functions.durable import Jobs, Steps, TaskPool, activity, call, make_client, orchestrator
from functions.http import Binding, FormBody, FormPayload, Path, endpoint
from functions.schemas.base import Response
from functions.schemas.bulk import BatchRequest, FeedForm, JobPath, JobResponse, JobsResponse
from shared_code.app import current_app, model_switch
from shared_code.bulk import BulkJob, BulkSegment, choose_source, part_id
from shared_code.domain.threads import run_in_thread
from shared_code.indexing import JobCounts, fit_status

if TYPE_CHECKING:
    import azure.durable_functions as df

bp = func.Blueprint()


@bp.route(route="v1/index-batch", methods=["POST"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint(statuses=(202,))
async def index_batch(
    form: Annotated[
        FormPayload[FeedForm | BatchRequest], FormBody("file", least=1, most=1, json=BatchRequest)
    ],
    client: Binding[Any],
) -> Response[JobResponse]:
    """Starts a job that indexes all pictures below a prefix of the container, or a catalogue feed.

    A feed is CSV or one JSON object per line. Send it as `file` of a form, put it into the
    container of feeds, or send its `products` as a list. What is up to date is skipped, so the
    same job started again does only what is left.
    """
    source_request = form.fields.to_source_request([upload.data for upload in form.uploads])
    app = current_app()
    source = await run_in_thread(
        lambda: choose_source(source_request, app.bulk.listing, app.settings.images_container)
    )
    return JobResponse.accept(await Jobs(await make_client(client)).start(source))


@bp.route(route="v1/jobs", methods=["GET"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint
async def list_jobs(client: Binding[Any]) -> JobsResponse:
    """The bulk jobs of the last 30 days, newest first."""
    return JobsResponse.from_reports(await Jobs(await make_client(client)).list_recent())


@bp.route(route="v1/jobs/{job_id}", methods=["GET"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint
async def get_job(path: Path[JobPath], client: Binding[Any]) -> JobResponse:
    """The progress of a bulk job."""
    return JobResponse.from_report(await Jobs(await make_client(client)).find(path.job_id))


@bp.route(route="v1/jobs/{job_id}", methods=["DELETE"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint
async def cancel_job(path: Path[JobPath], client: Binding[Any]) -> JobResponse:
    """Cancels a bulk job. What it has indexed stays; a job that has ended stays as it is."""
    return JobResponse.from_report(await Jobs(await make_client(client)).cancel(path.job_id))


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
