"""Bulk jobs through the client of Durable Functions: started, looked at, ended.

Nothing else of that client's world gets out: its own URLs carry a key to every instance.
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

from functions.durable.triggers import DurableClient, reason_of
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
    import azure.durable_functions as df

log = logging.getLogger(__name__)

LISTED_FOR = timedelta(days=30)
"""Older jobs are not listed, and still answer when they are asked for by their id."""

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
        job_id = _new_id(now)
        job = BulkJob(
            job_id,
            source,
            chunk=settings.bulk_chunk,
            width=settings.bulk_segments,
            started=now.isoformat(),
        )
        with _asking():
            await self.client.start_new("bulk_job", job_id, job.to_json())
        return summarize_job(JobFacts(job_id, "queued", asdict(source), {}, now, now), [], now)

    async def reindex(self, into: str, *, is_rollback: bool) -> JobReport:
        """Raises Unprocessable while another one is under way."""
        now = datetime.now(UTC)
        await self._refuse_second_move()
        settings = current_app().settings
        plan = ReindexPlan(
            _new_id(now),
            into,
            chunk=settings.bulk_chunk,
            width=settings.bulk_segments,
            started=now.isoformat(),
            is_rollback=is_rollback,
        )
        with _asking():
            await self.client.start_new("reindex_job", plan.id, plan.to_json())
        try:  # another one may have begun since: then each of the two sees the other here
            await self._refuse_second_move(plan.id)
        except Unprocessable:
            await self._terminate(plan.id)
            raise
        source = {"kind": "reindex", "name": into}
        return summarize_job(
            JobFacts(plan.id, "queued", source, {}, now, now, phase="queued"), [], now
        )

    async def _refuse_second_move(self, own: str = "") -> None:
        with _asking():
            running = await self.client.list_instances("job-", statuses=_UNDER_WAY)
        for status in running:
            if status.name == "reindex_job" and status.instance_id != own:
                raise Unprocessable(f"The job {status.instance_id} moves to another model already.")

    async def find(self, job_id: str) -> JobReport:
        """Raises NotFound."""
        status = await self._status(job_id, show_input=True) if _is_job(job_id) else None
        if not status:
            raise NotFound(f"There is no job {job_id[:100]!r}.")
        return await self._report(status, datetime.now(UTC))

    async def recent(self) -> list[JobReport]:
        """The newest first."""
        now = datetime.now(UTC)
        with _asking():
            jobs = await self.client.list_instances("job-", since=now - LISTED_FOR)
        reports = await asyncio.gather(*(self._report(status, now) for status in jobs))
        return sorted(reports, key=lambda each: each.facts.started, reverse=True)

    async def cancel(self, job_id: str) -> JobReport:
        """Nothing new is begun from now on; what is done stays. One that has ended is left."""
        found = await self.find(job_id)
        if has_ended(found.facts.state):
            return found
        await self._terminate(job_id)
        if found.facts.phase and await self._status(build_id(job_id)):
            with _asking():
                await self.client.terminate(build_id(job_id), CANCELLED)
        return await self.find(job_id)

    async def _terminate(self, job_id: str) -> None:
        """The flag holds at once, for activities and for whoever asks; the rest takes seconds."""
        await run_in_thread(current_app().bulk.listing.manifests.cancel, job_id)
        with _asking():
            await self.client.terminate(job_id, CANCELLED)

    async def _report(self, status: df.DurableOrchestrationStatus, now: datetime) -> JobReport:
        facts = _facts(status)
        if status.name == "reindex_job":
            facts = await self._moving(facts, status)
        if is_cancellable(facts) and await self._is_cancelled(facts.id):
            facts = replace(facts, state="cancelled", error="")
        return summarize_job(facts, await self._parts(facts), now)

    async def _is_cancelled(self, job_id: str) -> bool:
        return await run_in_thread(current_app().bulk.listing.manifests.is_cancelled, job_id)

    async def _moving(self, facts: JobFacts, status: df.DurableOrchestrationStatus) -> JobFacts:
        """A move to another model: how far it has filled its collection is another's status."""
        build = await self._status(build_id(facts.id))
        source = {"kind": "reindex", "name": _object(status.input_).get("into", "")}
        counted = _object(build.custom_status) if build else {}
        phase = str(facts.status.get("phase", "queued"))
        return replace(facts, source=source, status=counted, phase=phase)

    async def _parts(self, facts: JobFacts) -> list[dict[str, Any]]:
        """What the segments in work say of themselves, which the job does not know yet."""
        running = facts.status.get("running", ()) if facts.state != "completed" else ()
        asked = [self._status(part_id(facts.id, number)) for number in running]
        found = await asyncio.gather(*asked)
        return [status.custom_status for status in found if status and status.custom_status]

    async def _status(self, instance: str, **options: bool) -> df.DurableOrchestrationStatus:
        with _asking():
            return await self.client.get_status(instance, **options)


def _new_id(now: datetime) -> str:
    return f"job-{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}"


def _is_job(instance_id: str) -> bool:
    """Other instances are none of the caller's business."""
    return instance_id.startswith("job-")


def _facts(status: df.DurableOrchestrationStatus) -> JobFacts:
    state = _STATES[status.runtime_status.value]
    given = _object(status.input_)
    started = given.get("started")
    return JobFacts(
        id=str(status.instance_id),
        state=state,
        source=given.get("source", {}),
        status=_object(status.custom_status),
        started=datetime.fromisoformat(started) if started else _utc(status.created_time),
        updated=_utc(status.last_updated_time),
        error=reason_of(str(status.output or "")) if state == "failed" else "",
    )


def _object(value: Any) -> dict[str, Any]:
    """The host shows some inputs as JSON text: those that an orchestration gave itself."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = json.loads(value)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _utc(moment: datetime | None) -> datetime:
    moment = moment or datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextmanager
def _asking() -> Iterator[None]:
    """The client raises plain exceptions, and those of its HTTP library."""
    try:
        yield
    except AppError:
        raise
    except Exception as exc:
        log.warning("Durable Functions: %r", exc)
        raise Unavailable("Durable Functions do not answer.") from exc
