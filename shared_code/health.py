"""Is the app able to work: the model always, every adapter when asked to go deep."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from shared_code.app import current_app
from shared_code.domain.errors import AppError, Unavailable
from shared_code.domain.products import Counts, ModelInfo

NEEDED_BY_EVENTS = ("model", "index", "storage")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    model: ModelInfo | None
    checks: dict[str, str] = field(default_factory=dict)
    """Part -> "ok", or why it does not work."""

    @property
    def status(self) -> Literal["running", "failing"]:
        return "running" if self._is_well else "failing"

    @property
    def http_status(self) -> int:
        return HTTPStatus.OK if self._is_well else HTTPStatus.SERVICE_UNAVAILABLE

    @property
    def _is_well(self) -> bool:
        return all(state == "ok" for state in self.checks.values())


def check_health(*, deep: bool) -> Health:
    """Checks the model; ``deep``: also every byte of its files, the index and the storage.

    Without ``deep`` no network is used and only the bundle's manifest is read. Wrong settings are
    reported alone, since nothing else can be checked then.
    """
    settings = _check(current_app)
    if settings != "ok":
        return Health(model=None, checks={"settings": settings})
    checks = {"model": _check(lambda: current_app().encoder.model)}
    model = current_app().encoder.model if checks["model"] == "ok" else None
    if deep:
        if model is not None:
            checks["model"] = _check(lambda: current_app().encoder.ping())
        checks["index"] = _check(lambda: current_app().index.ping())
        checks["storage"] = _check(lambda: current_app().images.ping())
        checks["users"] = _check(lambda: current_app().users.ping())
        checks["events"] = _check_events(checks)
    return Health(model, checks)


def _check_events(checks: Mapping[str, str]) -> str:
    """Names the outage that events wait for, if there is one and events are waiting."""
    waiting = 0

    def count() -> None:
        nonlocal waiting
        waiting = current_app().event_queue.count()

    state = _check(count)
    causes = [f"{part} ({checks[part]})" for part in NEEDED_BY_EVENTS if checks[part] != "ok"]
    if state != "ok" or not waiting or not causes:
        return state
    return f"{waiting} wait for: {', '.join(causes)}"


def count_contents() -> Counts | None:
    """Returns how much the index holds; None while it does not answer.

    The rest of the stats (failures, waiting events) is needed most during such an outage.
    """
    try:
        return current_app().index.counts()
    except Unavailable as exc:
        log.warning("the index cannot be counted: %s", exc)
        return None


def _check(check: Callable[[], object]) -> str:
    try:
        check()
    except AppError as exc:
        return f"{exc.title}: {exc.detail}"
    except Exception:
        log.exception("health check failed")
        return "failed for an unknown reason; the log says more"
    return "ok"
