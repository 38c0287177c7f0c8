"""Is the app able to work: the model always, every adapter when asked to go deep."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from shared_code.core.errors import AppError
from shared_code.core.products import ModelInfo
from shared_code.runtime import runtime

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


def health(*, deep: bool) -> Health:
    """``deep`` reads the model's files whole and asks the index and the storage too.

    Without it no network is touched and only the bundle's manifest is read. Wrong settings are
    the one thing reported where there are any, since nothing else can be looked at.
    """
    settings = _checked(runtime)
    if settings != "ok":
        return Health(model=None, checks={"settings": settings})
    checks = {"model": _checked(lambda: runtime().encoder.model)}
    model = runtime().encoder.model if checks["model"] == "ok" else None
    if deep:
        if model is not None:
            checks["model"] = _checked(lambda: runtime().encoder.ping())
        checks["index"] = _checked(lambda: runtime().index.ping())
        checks["storage"] = _checked(lambda: runtime().images.ping())
        checks["users"] = _checked(lambda: runtime().users.ping())
    return Health(model, checks)


def _checked(check: Callable[[], object]) -> str:
    try:
        check()
    except AppError as exc:
        return f"{exc.title}: {exc.detail}"
    except Exception:
        log.exception("health check failed")
        return "failed for an unknown reason; the log says more"
    return "ok"
