"""Loads the functions of an app, and refuses those that Azure's worker would not load.

One such function makes the whole app disappear in Azure, so this host does not start with one
either. The checks are the worker's, with its own converters.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any

from azure.functions import Context, meta
from azure.functions.decorators.core import BindingDirection, DataType
from azure.functions.decorators.function_app import Function, FunctionRegister

from devhost.project import StartupError

HTTP, BLOB, QUEUE, TIMER = "httpTrigger", "blobTrigger", "queueTrigger", "timerTrigger"
ORCHESTRATION, ACTIVITY = "orchestrationTrigger", "activityTrigger"
DURABLE_CLIENT = "durableClient"
SUPPORTED_BINDINGS = (HTTP, BLOB, QUEUE, TIMER, ORCHESTRATION, ACTIVITY, DURABLE_CLIENT)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")


def find_converter(kind: str) -> Any:
    """Returns the worker's own converter for a binding type; None where it has none."""
    return meta.get_binding_registry().get(kind)


@dataclass(frozen=True, slots=True)
class AppFunction:
    """A function that the worker would load."""

    name: str
    call: Callable[..., Any]
    trigger: Mapping[str, Any]
    """The trigger's entry in function.json."""
    argument: str
    """The parameter that takes the trigger's value."""
    annotation: object
    takes_context: bool
    returns: bool
    clients: tuple[str, ...]
    """Parameters that take Durable Functions' client."""
    unsupported: tuple[str, ...]
    """Binding types that this host does not play; such a function is not served."""

    @property
    def kind(self) -> str:
        return str(self.trigger["type"])


def resolve_settings(function: AppFunction, text: str, environ: Mapping[str, str]) -> str:
    """Replaces each ``%SETTING%`` by the app setting's value. Raises StartupError."""

    def read_setting(match: re.Match[str]) -> str:
        value = environ.get(match[1], "")
        if not value:
            raise StartupError(f"function {function.name}: the app setting {match[1]} is not set.")
        return value

    return re.sub(r"%([^%]+)%", read_setting, text)


def is_disabled(function: AppFunction, environ: Mapping[str, str]) -> bool:
    """Reads the app setting ``AzureWebJobs.<name>.Disabled``, or the one with underscores."""
    names = (f"AzureWebJobs.{function.name}.Disabled", f"AzureWebJobs__{function.name}__Disabled")
    return any(environ.get(name, "").strip().lower() in ("1", "true") for name in names)


def load_functions(app: FunctionRegister) -> list[AppFunction]:
    """Returns the functions in the order of their names in capitals. Raises StartupError."""
    try:
        functions = app.get_functions()
    except (ValueError, TypeError) as exc:
        raise StartupError(f"Azure would find no functions in this app: {exc}") from exc
    loaded = [_load_function(function) for function in functions]
    names: dict[str, str] = {}
    for name in (function.name for function in loaded):
        if names.setdefault(name.casefold(), name) != name:
            raise StartupError(
                f"functions {names[name.casefold()]} and {name} differ only in case."
            )
    return sorted(loaded, key=lambda function: function.name.upper())


def _load_function(function: Function) -> AppFunction:
    name, call = str(function.get_function_name()), function.get_user_function()
    try:
        return _check_function(name, call, function)
    except _Unloadable as exc:
        raise StartupError(
            f"function {name}: {exc}\nAzure's worker would not load it, and the whole app "
            "would have no functions."
        ) from exc


class _Unloadable(Exception):
    """The worker's reason not to load a function."""


def _check_function(name: str, call: Callable[..., Any], function: Function) -> AppFunction:
    if not _NAME.fullmatch(name):
        raise _Unloadable("a name is a letter, then up to 127 letters, digits, _ or -.")
    bindings = {binding.name: binding for binding in function.get_bindings()}
    returned = bindings.pop("$return", None)
    trigger = function.get_trigger()
    if trigger is None:
        raise _Unloadable("it has no trigger.")
    hints = _type_hints(call)
    parameters = set(inspect.signature(call).parameters)
    takes_context = "context" in parameters and "context" not in bindings
    if takes_context:
        parameters.discard("context")
        if hints.get("context", Context) is not Context:
            raise _Unloadable("its parameter context must be annotated func.Context.")
    if parameters != set(bindings):
        raise _Unloadable(
            f"its parameters are {_join_names(parameters)}, but its bindings are named "
            f"{_join_names(set(bindings))}. (A decorator around it needs functools.wraps.)"
        )
    for binding in bindings.values():
        if binding.direction == BindingDirection.IN.value and binding.name in hints:
            _check_annotation(str(binding.type), binding.name, hints[binding.name])
    if returned is not None and "return" in hints:
        _check_return(str(returned.type), hints["return"])
    if trigger.type == BLOB and trigger.data_type != DataType.BINARY.value:
        raise _Unloadable(
            "a blob trigger without data_type=func.DataType.BINARY gets the blob as text: "
            "bytes that are not UTF-8 would arrive mangled."
        )
    others = [str(b.type) for b in bindings.values() if b is not trigger]
    converter = find_converter(str(trigger.type))
    clients = tuple(name for name, b in bindings.items() if b.type == DURABLE_CLIENT)
    others += [str(returned.type)] if returned is not None and returned.type != "http" else []
    return AppFunction(
        name=name,
        call=call,
        trigger=trigger.get_dict_repr(),
        argument=trigger.name,
        annotation=hints.get(trigger.name),
        takes_context=takes_context,
        returns=returned is not None or bool(converter and converter.has_implicit_output()),
        clients=clients,
        unsupported=tuple(t for t in (str(trigger.type), *others) if t not in SUPPORTED_BINDINGS),
    )


def _type_hints(call: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(call)
    except Exception as exc:
        raise _Unloadable(f"its annotations cannot be resolved: {exc}") from exc


def _check_annotation(kind: str, parameter: str, annotation: Any) -> None:
    plain = isinstance(annotation, type) and not isinstance(annotation, UnionType)
    if not plain and typing.get_origin(annotation) in (None, typing.Union, UnionType):
        raise _Unloadable(
            f"its parameter {parameter} is annotated {annotation}: the worker takes only a "
            "plain class there, no union and no Optional."
        )
    converter = find_converter(kind)
    if converter is None or (annotation in (str, bytes) and kind not in (HTTP, QUEUE, TIMER)):
        return
    if not converter.check_input_type_annotation(annotation):
        raise _Unloadable(f"its parameter {parameter}: {annotation} does not fit {kind}.")


def _check_return(kind: str, annotation: Any) -> None:
    converter = find_converter(kind)
    if not isinstance(annotation, type):
        raise _Unloadable(f"its return annotation {annotation} is not a plain class.")
    if converter is not None and not converter.check_output_type_annotation(annotation):
        raise _Unloadable(f"its return annotation {annotation} does not fit {kind}.")


def _join_names(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
