"""Bulk jobs: index everything below a prefix, or a whole catalogue feed, with one call."""

from typing import Annotated, Any

import azure.functions as func

from functions.durable import Jobs, make_client
from functions.http import Binding, FormBody, FormPayload, Path, endpoint
from functions.schemas.base import Response
from functions.schemas.bulk import BatchRequest, FeedForm, JobPath, JobResponse, JobsResponse
from shared_code.app import current_app
from shared_code.bulk import choose_source
from shared_code.domain.threads import run_in_thread

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
