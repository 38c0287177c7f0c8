"""Is the app able to work: the model always, every adapter when asked to go deep."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from shared_code.core.errors import AppError
from shared_code.runtime import runtime

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    model: str | None
    checks: dict[str, str] = field(default_factory=dict)
    """Part -> "ok", or why it does not work."""

    @property
    def status(self) -> str:
        return "running" if self._is_well else "failing"

    @property
    def http_status(self) -> int:
        return HTTPStatus.OK if self._is_well else HTTPStatus.SERVICE_UNAVAILABLE

    @property
    def _is_well(self) -> bool:
        return all(state == "ok" for state in self.checks.values())


def health(*, deep: bool) -> Health:
    """``deep`` asks the index and the storage too; without it no network is touched."""
    checks = {"model": _checked(lambda: runtime().encoder.model)}
    if deep:
        checks["index"] = _checked(lambda: runtime().index.ping())
        checks["storage"] = _checked(lambda: runtime().images.ping())
    return Health(runtime().encoder.model.name if checks["model"] == "ok" else None, checks)


def _checked(check: Callable[[], object]) -> str:
    try:
        check()
    except AppError as exc:
        return f"{exc.title}: {exc.detail}"
    except Exception:
        log.exception("health check failed")
        return "failed for an unknown reason; the log says more"
    return "ok"
