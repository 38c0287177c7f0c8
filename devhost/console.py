"""The console log: one line per request and per blob event, in colour on a terminal."""

from __future__ import annotations

import logging
import os
import sys
import time

_GREY, _RED, _YELLOW, _GREEN, _RESET = "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"


def set_up_logging() -> None:
    """Logs INFO and above, as Azure does, for libraries too: whatever the app does not silence
    shows here before it shows there."""
    handler = logging.StreamHandler(sys.stderr)
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    handler.setFormatter(_LineFormatter(colours=colours))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # the host logs that itself


class _LineFormatter(logging.Formatter):
    def __init__(self, *, colours: bool) -> None:
        super().__init__()
        self._colours = colours

    def formatMessage(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        source = "" if record.name.startswith("devhost") else f"{record.name}: "
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        text = f"{level}{source}{record.message}"
        if not self._colours:
            return f"{clock} {text}"
        return f"{_GREY}{clock}{_RESET} {_choose_colour(record)}{text}{_RESET}"


def _choose_colour(record: logging.LogRecord) -> str:
    status = getattr(record, "status", 0)
    if record.levelno >= logging.ERROR or status >= 500:
        return _RED
    if record.levelno >= logging.WARNING or status >= 400:
        return _YELLOW
    return _GREEN if status else ""
