"""The part of Microsoft's Python worker that stands between the host and the app.

It loads functions and decodes what the host sends by the converters of whichever azure-functions is
imported, by the worker's rules (its functions.py and bindings/meta.py): a parameter annotated
``str`` is decoded as it comes, one without an annotation by the converter of its binding.
"""

import asyncio
import inspect
import typing
from dataclasses import dataclass, field
from typing import Any

from azure.functions import meta
from azure.functions.decorators.core import BindingDirection


class LoadError(Exception):
    """The worker refuses this function, and with it the whole app."""


class PlainBinding:
    """The worker's own converter, for bindings that the library has none for."""

    @classmethod
    def has_implicit_output(cls) -> bool:
        return False

    @classmethod
    def check_input_type_annotation(cls, annotation: type) -> bool:
        return issubclass(annotation, (str, bytes))

    @classmethod
    def decode(cls, data: meta.Datum, *, trigger_metadata: Any) -> Any:
        if data.type not in ("string", "bytes", "json"):
            raise LoadError(f"unexpected type of data: {data.type}")
        return data.value


def find_converter(binding: str) -> Any:
    return meta.get_binding_registry().get(binding) or PlainBinding


@dataclass
class Context:
    """What the worker passes to a parameter called ``context``."""

    function_name: str
    invocation_id: str = "f2b5a9e1-0000-0000-0000-000000000000"
    trace_context: Any = None


@dataclass
class LoadedFunction:
    name: str
    call: Any
    trigger: dict[str, Any]
    """The entry of function.json."""
    converters: dict[str, Any]
    """For each parameter that the host fills."""
    takes_context: bool
    returns: Any = None
    """The converter of what the function returns."""

    @property
    def kind(self) -> str:
        return self.trigger["type"]


def load(function: Any) -> LoadedFunction:
    """Raises LoadError."""
    name, call = function.get_function_name(), function.get_user_function()
    bindings = {binding.name: binding for binding in function.get_bindings()}
    hints = typing.get_type_hints(call)
    parameters = set(inspect.signature(call).parameters)
    takes_context = "context" in parameters and "context" not in bindings
    if takes_context:
        parameters.remove("context")
        if getattr(hints.get("context"), "__name__", "Context") != "Context":
            raise LoadError(f"{name}: context is annotated {hints['context']}")
    result = bindings.pop("$return", None)
    if parameters != set(bindings):
        raise LoadError(f"{name}: parameters {parameters} but bindings {set(bindings)}")
    trigger = function.get_trigger().get_dict_repr()
    loaded = LoadedFunction(name, call, trigger, {}, takes_context)
    if result is not None:
        loaded.returns = find_converter(result.type)
        if not loaded.returns.check_output_type_annotation(hints["return"]):
            raise LoadError(f"{name}: returns {hints['return']}")
    for binding in bindings.values():
        assert binding.direction == BindingDirection.IN.value, binding
        converter = find_converter(binding.type)
        if converter.has_implicit_output():
            loaded.returns = loaded.returns or converter
        elif hints.get(binding.name) in (str, bytes):
            converter = PlainBinding
        if binding.name in hints and not converter.check_input_type_annotation(hints[binding.name]):
            raise LoadError(f"{name}: {binding.name} is annotated {hints[binding.name]}")
        loaded.converters[binding.name] = converter
    return loaded


@dataclass
class Worker:
    functions: dict[str, LoadedFunction]
    durable_client: str = ""
    """What the host sends for a ``durableClient`` binding."""
    invoked: set[str] = field(default_factory=set)
    """Kinds of triggers."""
    loop: asyncio.Runner = field(default_factory=asyncio.Runner)
    """Async functions share it, so that clients may keep their connections."""

    def find(self, kind: str, **expected: Any) -> list[LoadedFunction]:
        """The functions with a trigger of this kind whose entry holds what is expected."""
        return [
            function
            for function in self.functions.values()
            if function.kind == kind and expected.items() <= function.trigger.items()
        ]

    def invoke(
        self, function: LoadedFunction, data: meta.Datum, metadata: dict[str, meta.Datum]
    ) -> meta.Datum | None:
        """Calls the function with what its converters make of this; encodes what it returns."""
        arguments = {}
        for parameter, converter in function.converters.items():
            if parameter == function.trigger["name"]:
                arguments[parameter] = converter.decode(data, trigger_metadata=metadata)
            else:
                client = meta.Datum(self.durable_client, "string")
                arguments[parameter] = converter.decode(client, trigger_metadata={})
        if function.takes_context:
            arguments["context"] = Context(function.name)
        result = function.call(**arguments)
        if inspect.iscoroutine(result):
            result = self.loop.run(result)
        self.invoked.add(function.kind)
        if function.returns is None:
            assert result is None, f"{function.name} returns something but has no output"
            return None
        return function.returns.encode(result, expected_type=None)
