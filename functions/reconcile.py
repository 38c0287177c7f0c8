"""Compares the container with the index and repairs what events missed: by timer or on request.

The comparison is in ``shared_code/reconcile/reconciler.py``.
"""

import azure.functions as func

from functions.http import Query, endpoint, observed_event
from functions.schemas.reconcile import ReconcileRequest, ReconcileResponse
from shared_code.app import current_app
from shared_code.settings import trigger_settings

bp = func.Blueprint()

CRON = trigger_settings().reconcile_cron
TIMER_SECONDS = 20 * 60
"""The length of one run, under the host's limit of 30 minutes; the next one continues there."""


@bp.route(route="v1/reconcile", methods=["POST"])
@endpoint
def reconcile(request: Query[ReconcileRequest]) -> ReconcileResponse:
    """Compares the container with the index, both ways, and repairs what events missed."""
    progress = current_app().reconcile.run(
        seconds=request.seconds, dry_run=request.dry_run, restart=request.restart
    )
    return ReconcileResponse.from_progress(progress, dry_run=request.dry_run)


@observed_event
def reconcile_on_time(timer: func.TimerRequest) -> None:
    current_app().reconcile.run(seconds=TIMER_SECONDS)


if CRON:  # a timer with an empty schedule would be an error of the whole app
    bp.timer_trigger(arg_name="timer", schedule=CRON)(reconcile_on_time)
