"""Starts, lists, finds and cancels bulk jobs through the client of Durable Functions.

Nothing else of Durable Functions reaches callers: its own URLs carry a key to every instance.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from functions.durable.client import DurableClient, extract_reason
from shared_code.app import current_app
from shared_code.bulk import (
    BulkJob,
    BulkSource,
    JobFacts,
    JobReport,
    State,
    has_ended,
    is_cancellable,
    part_id,
    summarize_job,
)
from shared_code.domain.errors import AppError, NotFound, Unavailable, Unprocessable
from shared_code.domain.threads import run_in_thread
from shared_code.reindex import ReindexPlan, build_id

if TYPE_CHECKING:
    from azure.durable_functions.models.DurableOrchestrationStatus import (
        DurableOrchestrationStatus,
    )

log = logging.getLogger(__name__)

LISTED_FOR = timedelta(days=30)
"""Older jobs are not listed, but can still be found by their id."""

CANCELLED = "cancelled by DELETE jobs"

_UNDER_WAY = ("Pending", "Running", "ContinuedAsNew", "Suspended")

_STATES: dict[str, State] = {
    "Pending": "queued",
    "Running": "running",
    "ContinuedAsNew": "running",
    "Suspended": "running",
    "Completed": "completed",
    "Failed": "failed",
    "Terminated": "cancelled",
    "Canceled": "cancelled",
}


@dataclass(frozen=True, slots=True)
class Jobs:
    client: DurableClient

    async def start(self, source: BulkSource) -> JobReport:
        settings, now = current_app().settings, datetime.now(UTC)
        job_id = _make_id(now)
        job = BulkJob(
            job_id,
            source,
            chunk=settings.bulk_chunk,
            width=settings.bulk_segments,
            started=now.isoformat(),
        )
        with _translate_errors():
            await self.client.start_new("bulk_job", job_id, job.to_json())
        return summarize_job(JobFacts(job_id, "queued", asdict(source), {}, now, now), [], now)

    async def reindex(self, into: str, *, is_rollback: bool) -> JobReport:
        """Starts a move to another model. Raises Unprocessable while another one is under way."""
        now = datetime.now(UTC)
        await self._refuse_second_move()
        settings = current_app().settings
        plan = ReindexPlan(
            _make_id(now),
            into,
            chunk=settings.bulk_chunk,
            width=settings.bulk_segments,
            started=now.isoformat(),
            is_rollback=is_rollback,
        )
        with _translate_errors():
            await self.client.start_new("reindex_job", plan.id, plan.to_json())
        try:  # another one may have started since: then each of the two sees the other here
            await self._refuse_second_move(plan.id)
        except Unprocessable:
            await self._terminate(plan.id)
            raise
        source = {"kind": "reindex", "name": into}
        return summarize_job(
            JobFacts(plan.id, "queued", source, {}, now, now, phase="queued"), [], now
        )

    async def _refuse_second_move(self, own: str = "") -> None:
        with _translate_errors():
            running = await self.client.list_instances("job-", statuses=_UNDER_WAY)
        for status in running:
            if status.name == "reindex_job" and status.instance_id != own:
                raise Unprocessable(f"The job {status.instance_id} moves to another model already.")

    async def find(self, job_id: str) -> JobReport:
        """Raises NotFound for an unknown id."""
        status = await self._get_status(job_id, show_input=True) if _is_job(job_id) else None
        if not status:
            raise NotFound(f"There is no job {job_id[:100]!r}.")
        return await self._report(status, datetime.now(UTC))

    async def list_recent(self) -> list[JobReport]:
        """Returns the jobs of the last 30 days, newest first."""
        now = datetime.now(UTC)
        with _translate_errors():
            jobs = await self.client.list_instances("job-", since=now - LISTED_FOR)
        reports = await asyncio.gather(*(self._report(status, now) for status in jobs))
        return sorted(reports, key=lambda job: job.facts.started, reverse=True)

    async def cancel(self, job_id: str) -> JobReport:
        """Starts nothing new from now on; what is done stays, and a job that has ended as it is."""
        job = await self.find(job_id)
        if has_ended(job.facts.state):
            return job
        await self._terminate(job_id)
        if job.facts.phase and await self._get_status(build_id(job_id)):
            with _translate_errors():
                await self.client.terminate(build_id(job_id), CANCELLED)
        return await self.find(job_id)

    async def _terminate(self, job_id: str) -> None:
        """The flag takes effect at once, for activities and GET jobs; the rest takes seconds."""
        await run_in_thread(current_app().bulk.listing.manifests.cancel, job_id)
        with _translate_errors():
            await self.client.terminate(job_id, CANCELLED)

    async def _report(self, status: DurableOrchestrationStatus, now: datetime) -> JobReport:
        facts = _read_facts(status)
        if status.name == "reindex_job":
            facts = await self._read_move(facts, status)
        if is_cancellable(facts) and await self._is_cancelled(facts.id):
            facts = replace(facts, state="cancelled", error="")
        return summarize_job(facts, await self._read_segments(facts), now)

    async def _is_cancelled(self, job_id: str) -> bool:
        return await run_in_thread(current_app().bulk.listing.manifests.is_cancelled, job_id)

    async def _read_move(self, facts: JobFacts, status: DurableOrchestrationStatus) -> JobFacts:
        """Adds the progress of a move to another model: another orchestration has it."""
        build = await self._get_status(build_id(facts.id))
        source = {"kind": "reindex", "name": _parse_object(status.input_).get("into", "")}
        counted = _parse_object(build.custom_status) if build else {}
        phase = str(facts.status.get("phase", "queued"))
        return replace(facts, source=source, status=counted, phase=phase)

    async def _read_segments(self, facts: JobFacts) -> list[dict[str, Any]]:
        """Returns the statuses of the segments in progress, which the job has not counted yet."""
        running = facts.status.get("running", ()) if facts.state != "completed" else ()
        ids = [part_id(facts.id, number) for number in running]
        statuses = await asyncio.gather(*map(self._get_status, ids))
        return [status.custom_status for status in statuses if status and status.custom_status]

    async def _get_status(self, instance: str, **options: bool) -> DurableOrchestrationStatus:
        with _translate_errors():
            return await self.client.get_status(instance, **options)


def _make_id(now: datetime) -> str:
    return f"job-{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}"


def _is_job(instance_id: str) -> bool:
    """Callers see no other instances."""
    return instance_id.startswith("job-")


def _read_facts(status: DurableOrchestrationStatus) -> JobFacts:
    state = _STATES[status.runtime_status.value]
    job = _parse_object(status.input_)
    started = job.get("started")
    return JobFacts(
        id=str(status.instance_id),
        state=state,
        source=job.get("source", {}),
        status=_parse_object(status.custom_status),
        started=datetime.fromisoformat(started) if started else _as_utc(status.created_time),
        updated=_as_utc(status.last_updated_time),
        error=extract_reason(str(status.output or "")) if state == "failed" else "",
    )


def _parse_object(value: Any) -> dict[str, Any]:
    """The host returns some inputs as JSON text: those of a job that continued as new."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = json.loads(value)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _as_utc(moment: datetime | None) -> datetime:
    moment = moment or datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Raises Unavailable for the client's errors: plain ones, and those of its HTTP library."""
    try:
        yield
    except AppError:
        raise
    except Exception as exc:
        log.warning("Durable Functions: %r", exc)
        raise Unavailable("Durable Functions do not answer.") from exc
