"""Which blob names every store accepts."""

from __future__ import annotations

from shared_code.domain.errors import Unprocessable

MAX_NAME = 1024
"""Characters, as in Azure."""


def check_blob_name(name: str) -> str:
    """Returns the name. Raises Unprocessable where it is no blob name in Azure, or could lead out
    of the container."""
    problem = _find_problem(name)
    if problem:
        raise Unprocessable(f"The blob name {name[:100]!r} {problem}.")
    return name


def _find_problem(name: str) -> str:
    if not name:
        return "is empty"
    if len(name) > MAX_NAME:
        return f"has {len(name)} characters; the limit is {MAX_NAME}"
    if "\\" in name or "\0" in name:
        return "holds a backslash or a NUL"
    if {".", ".."} & set(name.split("/")):
        return "holds a '.' or '..' between slashes"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "is not valid Unicode"
    return ""
