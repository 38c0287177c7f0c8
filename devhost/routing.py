"""Route templates, matched as the Functions host matches them.

The host tries the routes in the order of the functions' names, compares literals without
case, and takes the first whose path, constraints and method fit. A known path with a wrong
method is therefore a 404, not a 405 (Azure/azure-functions-host issues 10098 and 9876).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from devhost.indexing import Indexed
from devhost.project import Refused

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
_PARAMETER = re.compile(r"\{(\*{0,2})([^{}:?=*]+)(?::([^{}]*?))?(\?)?\}")


@dataclass(frozen=True, slots=True)
class Route:
    function: Indexed
    template: str
    methods: frozenset[str]
    """Empty: any method."""
    pattern: re.Pattern[str]
    names: tuple[str, ...]

    @classmethod
    def of(cls, function: Indexed, prefix: str) -> Route:
        route = str(function.trigger.get("route") or function.name).strip("/")
        template = f"{prefix}/{route}".strip("/")
        methods = (str(getattr(m, "value", m)) for m in function.trigger.get("methods") or ())
        pattern, names = _compiled(template, function.name)
        return cls(function, template, frozenset(m.upper() for m in methods), pattern, names)

    def takes(self, method: str) -> bool:
        return not self.methods or method in self.methods

    def match(self, path: str) -> dict[str, str] | None:
        """The route parameters, or None when this is another path."""
        found = self.pattern.fullmatch(path.strip("/"))
        if found is None:
            return None
        return {n: v for n, v in zip(self.names, found.groups(), strict=True) if v}


class RouteTable:
    def __init__(self, functions: Iterable[Indexed], prefix: str) -> None:
        """``functions`` in the order of their names."""
        self.routes = [Route.of(function, prefix) for function in functions]

    def find(self, method: str, path: str) -> tuple[Indexed, dict[str, str]] | None:
        for route in self.routes:
            if route.takes(method) and (parameters := route.match(path)) is not None:
                return route.function, parameters
        return None

    def hidden(self) -> Iterator[tuple[str, str]]:
        """Pairs (hidden, hiding): routes that never win for their own plainest path."""
        for position, route in enumerate(self.routes):
            path = _PARAMETER.sub(lambda found: "1" if found[3] else "x", route.template)
            for earlier in self.routes[:position]:
                both = route.methods & earlier.methods or not (route.methods and earlier.methods)
                if both and earlier.match(path) is not None:
                    yield route.function.name, earlier.function.name


def host_path(raw_path: str) -> str:
    """The path as Kestrel gives it to routing: decoded, except ``%2F``; dot segments resolved."""
    kept = re.sub(r"%(?=2[Ff])", "%25", raw_path)
    segments: list[str] = []
    for segment in unquote_to_bytes(kept).decode("utf-8", "replace").split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    return "/".join(segments)


def _compiled(template: str, function: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    pattern, names, at = "", [], 0
    for parameter in _PARAMETER.finditer(template):
        stars, name, constraints, optional = parameter.groups()
        literal = re.escape(template[at : parameter.start()])
        part = f"({_constrained(constraints, function)})" if not stars else "(.*)"
        if (optional or stars) and literal.endswith("/"):
            pattern += f"{literal[:-1]}(?:/{part})?"
        else:
            pattern += literal + part + ("?" if optional else "")
        names.append(name)
        at = parameter.end()
    rest = template[at:]
    if "{" in rest or "}" in rest:
        raise Refused(f"function {function}: the route {template} is not a valid template.")
    return re.compile(pattern + re.escape(rest), re.IGNORECASE | re.DOTALL), tuple(names)


def _constrained(constraints: str | None, function: str) -> str:
    if not constraints:
        return "[^/]+"
    if constraints.lower() not in _CONSTRAINTS:
        raise Refused(
            f"function {function}: devhost does not know the route constraint {constraints}."
        )
    return _CONSTRAINTS[constraints.lower()]
