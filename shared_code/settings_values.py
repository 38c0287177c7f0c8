"""One setting's text as its type. Raises ValueError that says what it must be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from shared_code.domain.filter_language import RESERVED
from shared_code.domain.filters import FieldType
from shared_code.domain.vectors import Distance, Quantization
from shared_code.ncrontab import parse_schedule

LogFormat = Literal["text", "json"]
TriggerSource = Literal["LogsAndContainerScan", "EventGrid", "Queue"]
Cron: TypeAlias = str
"""An NCRONTAB expression."""


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        for choice in choices:
            if choice.lower() == text.lower():
                return choice
        raise ValueError(f"must be one of {', '.join(choices)}")

    return parse


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number") from None


_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _truth(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise ValueError("must be true or false")
    return _TRUTH[text.lower()]


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("must be a number")
    return number


def _cron(text: str) -> str:
    parse_schedule(text)
    return text


def _fields(text: str) -> dict[str, FieldType]:
    """Returns ``category:keyword,price:number`` as a mapping."""
    fields: dict[str, FieldType] = {}
    for part in text.split(","):
        name, _, kind = (piece.strip() for piece in part.partition(":"))
        if not re.fullmatch(r"[\w-]+", name) or kind not in get_args(FieldType):
            raise ValueError("must read name:type,… with type keyword, number, bool or date")
        if name in RESERVED:
            raise ValueError(
                f"{name!r} is a word of the filter language: no field can be called so"
            )
        fields[name] = cast("FieldType", kind)
    return fields


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(re.fullmatch(r"\w+ExecutionProvider", name) for name in names):
        raise ValueError(
            "must list execution providers, such as CUDAExecutionProvider,CPUExecutionProvider"
        )
    return names


PARSERS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": _integer,
    "bool": _truth,
    "float": _number,
    "Path": Path,
    "Cron": _cron,
    "Distance": _one_of(get_args(Distance)),
    "LogFormat": _one_of(get_args(LogFormat)),
    "Quantization": _one_of(get_args(Quantization)),
    "TriggerSource": _one_of(get_args(TriggerSource)),
    "Mapping[str, FieldType]": _fields,
    "tuple[str, ...]": _names,
}
"""By a field's annotation in ``Settings``, as it is written there."""
