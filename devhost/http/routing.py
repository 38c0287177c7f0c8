"""Checks and matches route templates as the Functions host does.

The host tries the routes in the order of the functions' names, compares literals without case, and
takes the first whose path, constraints and method match. A known path with a wrong method is
therefore a 404, not a 405 (Azure/azure-functions-host issues 10098 and 9876).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from devhost.functions import AppFunction
from devhost.http.urls import fold_case
from devhost.project import StartupError

_CONSTRAINTS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "float": r"-?\d+(?:\.\d+)?",
    "double": r"-?\d+(?:\.\d+)?",
    "decimal": r"-?\d+(?:\.\d+)?",
    "bool": r"true|false",
    "alpha": r"[a-z]+",
    "guid": r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}",
}
_PARAMETER = re.compile(r"\{(\*{0,2})([^{}/:?=*]+)(?::([^{}]*?))?(\?)?\}")


class _InvalidTemplate(Exception):
    """The host's reason to refuse a template."""


@dataclass(frozen=True, slots=True)
class RouteSegment:
    """One part of a template, between two slashes."""

    text: str
    names: tuple[str, ...] = ()
    pattern: re.Pattern[str] = re.compile("")
    is_catch_all: bool = False
    is_optional: bool = False

    def matches_literal(self, part: str) -> bool:
        return fold_case(part) == fold_case(self.text)

    def match(self, part: str) -> dict[str, str] | None:
        if not self.names:
            return {} if self.matches_literal(part) else None
        match = self.pattern.fullmatch(part)
        return dict(zip(self.names, match.groups(), strict=True)) if match else None


@dataclass(frozen=True, slots=True)
class FunctionRoute:
    function: AppFunction
    template: str
    methods: frozenset[str]
    """Empty: any method."""
    segments: tuple[RouteSegment, ...]

    @classmethod
    def from_function(cls, function: AppFunction, prefix: str) -> FunctionRoute:
        route = str(function.trigger.get("route") or function.name)
        template = f"{prefix}/{route}" if prefix else route
        methods = (str(getattr(m, "value", m)) for m in function.trigger.get("methods") or ())
        try:
            _refuse_reserved(route)
            segments = _parse_template(template)
        except _InvalidTemplate as exc:
            raise StartupError(
                f"function {function.name}: Azure's host refuses the route {route}: {exc}."
            ) from exc
        return cls(function, template, frozenset(m.upper() for m in methods), segments)

    def allows_method(self, method: str) -> bool:
        return not self.methods or method.upper() in self.methods

    def shares_methods(self, other: FunctionRoute) -> bool:
        return not self.methods or not other.methods or bool(self.methods & other.methods)

    def match(self, path: str) -> dict[str, str] | None:
        """Returns the route parameters, or None when the path does not match.

        One slash at either end is ignored. An empty segment matches only within the rest of a
        catch-all.
        """
        rest = path.removeprefix("/")
        parts = rest.removesuffix("/").split("/") if rest else []
        parameters: dict[str, str] = {}
        for position, part in enumerate(parts):
            if not part or position == len(self.segments):
                return None
            segment = self.segments[position]
            if segment.is_catch_all:
                return parameters | {segment.names[0]: rest.split("/", position)[position]}
            values = segment.match(part)
            if values is None:
                return None
            parameters |= values
        rest_segments = self.segments[len(parts) :]
        is_match = all(s.is_catch_all or s.is_optional for s in rest_segments)
        return parameters if is_match else None

    def make_sample_path(self) -> str:
        """Returns a path that matches this route, to find routes that hide it."""
        return _PARAMETER.sub(lambda match: "1" if match[3] else "x", self.template)


class RouteTable:
    def __init__(self, functions: Iterable[AppFunction], prefix: str) -> None:
        """Takes the functions in the order of their names. Raises StartupError."""
        self.routes = [FunctionRoute.from_function(function, prefix) for function in functions]
        _refuse_duplicates(self.routes)

    def find(self, method: str, path: str) -> tuple[AppFunction, dict[str, str]] | None:
        for route in self.routes:
            parameters = route.match(path) if route.allows_method(method) else None
            if parameters is not None:
                return route.function, parameters
        return None

    def find_hidden(self) -> Iterator[tuple[str, str]]:
        """Yields pairs of functions: one that cannot be reached, and the one that hides it."""
        for position, route in enumerate(self.routes):
            path = route.make_sample_path()
            for earlier in self.routes[:position]:
                if route.shares_methods(earlier) and earlier.match(path) is not None:
                    yield route.function.name, earlier.function.name


def _refuse_duplicates(routes: Sequence[FunctionRoute]) -> None:
    for position, route in enumerate(routes):
        for other in routes[:position]:
            is_same = other.template.strip("/").lower() == route.template.strip("/").lower()
            if is_same and route.shares_methods(other):
                raise StartupError(
                    f"functions {other.function.name} and {route.function.name} have the same "
                    f"route {route.template} and method: Azure's host refuses that."
                )


def _refuse_reserved(route: str) -> None:
    if route.strip("/").lower().startswith(("admin", "runtime")):
        raise _InvalidTemplate("paths below admin and runtime belong to the host")


def _parse_template(template: str) -> tuple[RouteSegment, ...]:
    """Raises _InvalidTemplate."""
    parts = template.removesuffix("/").split("/") if template else []
    segments = tuple(_parse_segment(part) for part in parts)
    names = [name.casefold() for segment in segments for name in segment.names]
    if len(set(names)) < len(names):
        raise _InvalidTemplate("two parameters have the same name")
    if any(segment.is_catch_all for segment in segments[:-1]):
        raise _InvalidTemplate("a catch-all must come last")
    return segments


def _parse_segment(text: str) -> RouteSegment:
    if not text:
        raise _InvalidTemplate("it has an empty segment, or begins with a slash")
    pattern, names, at = "", list[str](), 0
    for parameter in _PARAMETER.finditer(text):
        stars, name, constraint, optional = parameter.groups()
        literal, is_whole = text[at : parameter.start()], parameter[0] == text
        if names and not literal:
            raise _InvalidTemplate("two parameters follow each other without a separator")
        if stars and (optional or not is_whole):
            raise _InvalidTemplate("a catch-all is a whole segment, and not optional")
        if optional and not is_whole:  # the host takes one at the end of a segment, after a dot
            raise _InvalidTemplate("an optional parameter is a whole segment here")
        pattern += re.escape(literal) + f"({_constraint_pattern(constraint)})"
        names.append(name)
        at = parameter.end()
    if re.search(r"[{}?]", _PARAMETER.sub("", text)):
        raise _InvalidTemplate("it is not a valid template")
    return RouteSegment(
        text,
        tuple(names),
        re.compile(pattern + re.escape(text[at:]), re.IGNORECASE | re.ASCII | re.DOTALL),
        is_catch_all=text.startswith("{*") and bool(names),
        is_optional=text.endswith("?}"),
    )


def _constraint_pattern(constraint: str | None) -> str:
    if not constraint:
        return ".+"  # a part never holds a slash
    if constraint.lower() not in _CONSTRAINTS:
        raise _InvalidTemplate(f"devhost does not know the constraint {constraint}")
    return _CONSTRAINTS[constraint.lower()]
