"""Compares container and index and mends what events missed: on time, or when asked."""

import azure.functions as func

from functions.http.arguments import Query
from functions.http.edge import endpoint
from functions.http.telemetry import observed_event
from functions.schemas import ops as answers_ops
from functions.schemas.ops import ReconciledAnswer
from functions.schemas.requests import ReconcileRequest
from shared_code.app import current_app
from shared_code.settings import trigger_settings

bp = func.Blueprint()

CRON = trigger_settings().reconcile_cron
TIMER_SECONDS = 20 * 60
"""Of one run, under the host's limit of 30 minutes; the next occurrence goes on from there."""


@bp.route(route="v1/reconcile", methods=["POST"])
@endpoint
def reconcile(asked: Query[ReconcileRequest]) -> ReconciledAnswer:
    """Compares container and index both ways and mends what events missed."""
    progress = current_app().reconcile.run(
        seconds=asked.seconds, dry_run=asked.dry_run, restart=asked.restart
    )
    return answers_ops.reconciled(progress, dry_run=asked.dry_run)


@observed_event
def reconcile_on_time(timer: func.TimerRequest) -> None:
    current_app().reconcile.run(seconds=TIMER_SECONDS)


if CRON:  # a timer with an empty schedule would be an error of the whole app
    bp.timer_trigger(arg_name="timer", schedule=CRON)(reconcile_on_time)
