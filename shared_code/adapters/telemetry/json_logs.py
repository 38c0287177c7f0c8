"""Logs as one JSON object per line: what, where, of which request; nobody's words or pictures.

A message is ours and names blobs and products at most. The text of an exception is not: it may
quote what somebody sent. So exceptions are told by their types and the places they passed.
"""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path
from typing import Any

from shared_code.domain.telemetry import call_in_hand


def set_up_logs(log_format: str) -> None:
    """Once the process has its settings; the handlers are the host's, and stay."""
    if log_format == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonLines())


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        call = call_in_hand()
        if call is not None:
            said |= {"function": call.function, "request_id": call.request_id}
        if record.exc_info and record.exc_info[1]:
            said |= _exception(record.exc_info[1])
        return json.dumps(said, ensure_ascii=False)


def _exception(exc: BaseException) -> dict[str, Any]:
    causes = [exc]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and cause not in causes:
        causes.append(cause)
    frames = traceback.extract_tb(exc.__traceback__)
    return {
        "error": " < ".join(type(each).__qualname__ for each in causes),
        "stack": [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames],
    }
