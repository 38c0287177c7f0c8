"""Logs as one JSON object per line: the message, the logger, the request, and no personal data.

A message is ours and names blobs and products at most. The text of an exception may quote what
somebody sent, so an exception is logged by its types and its stack, without its text.
"""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path
from typing import Any

from shared_code.domain.current_call import current_call


def set_up_logs(log_format: str) -> None:
    """Formats the logs of this process; called once, when its settings are known. The handlers are
    the host's: they stay, and get another formatter."""
    if log_format == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonLineFormatter())


class JsonLineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        call = current_call()
        if call is not None:
            line |= {"function": call.function, "request_id": call.request_id}
        if record.exc_info and record.exc_info[1]:
            line |= _describe_exception(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _describe_exception(exc: BaseException) -> dict[str, Any]:
    causes = [exc]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and cause not in causes:
        causes.append(cause)
    frames = traceback.extract_tb(exc.__traceback__)
    return {
        "error": " < ".join(type(cause).__qualname__ for cause in causes),
        "stack": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
