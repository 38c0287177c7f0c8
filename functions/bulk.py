"""Bulk jobs: everything below a prefix, or a whole catalogue feed, in one call."""

from typing import Annotated, Any

import azure.functions as func

from functions.bulk_sources import source_of
from functions.durable.jobs import Jobs
from functions.durable.triggers import client_of
from functions.http.arguments import Binding, FormBody, Path, Sent
from functions.http.contract import Reply
from functions.http.edge import endpoint
from functions.schemas import bulk as answers_bulk
from functions.schemas.bulk import JobAnswer, JobsAnswer
from functions.schemas.bulk_requests import BatchRequest, JobPath
from functions.schemas.requests import NoFields
from shared_code.domain.threads import run_in_thread

bp = func.Blueprint()


@bp.route(route="v1/index-batch", methods=["POST"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint(statuses=(202,))
async def index_batch(
    sent: Annotated[
        Sent[NoFields | BatchRequest], FormBody("file", least=1, most=1, json=BatchRequest)
    ],
    client: Binding[Any],
) -> Reply[JobAnswer]:
    """Starts to index many: all below a prefix of the container, or a catalogue feed.

    A feed is CSV or one JSON object a line. It is sent as `file` of a form, lies in the container
    of feeds, or comes as a list of `products`. What is current already is skipped, so the same
    job again does what the first one did not.
    """
    source = await run_in_thread(source_of, sent)
    return answers_bulk.accepted(await Jobs(await client_of(client)).start(source))


@bp.route(route="v1/jobs", methods=["GET"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint
async def list_jobs(client: Binding[Any]) -> JobsAnswer:
    """The bulk jobs of the last 30 days, the newest first."""
    return answers_bulk.jobs(await Jobs(await client_of(client)).recent())


@bp.route(route="v1/jobs/{job_id}", methods=["GET"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint
async def get_job(path: Path[JobPath], client: Binding[Any]) -> JobAnswer:
    """How far a bulk job is."""
    return answers_bulk.job(await Jobs(await client_of(client)).find(path.job_id))


@bp.route(route="v1/jobs/{job_id}", methods=["DELETE"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint
async def cancel_job(path: Path[JobPath], client: Binding[Any]) -> JobAnswer:
    """Ends a bulk job and leaves what it has done; one that has ended stays as it is."""
    return answers_bulk.job(await Jobs(await client_of(client)).cancel(path.job_id))
