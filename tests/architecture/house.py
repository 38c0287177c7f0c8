"""Reads the house off the code: its rooms, and which imports which, wherever the import stands.

An import counts even within a function or under TYPE_CHECKING. A room is a folder; below
shared_code/, whose rooms are the product's capabilities, a file at the top is a room of its own.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FOLDERS = (
    *("functions", "shared_code", "cli", "devhost", "model_export"),
    *("benchmarks", "infra", "samples"),
)
ONE_ROOM = ("benchmarks", "devhost", "infra", "model_export", "samples")
"""Folders that the picture of the house shows as one room, whatever is below them."""


class Import(NamedTuple):
    """``file`` imports ``target``: both are files of the project."""

    file: Path
    target: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.target}"


@functools.cache
def python_files() -> tuple[Path, ...]:
    """Every Python file but the tests, relative to the project's folder."""
    files = [Path("function_app.py")]
    for folder in FOLDERS:
        below = sorted((ROOT / folder).rglob("*.py"))
        assert below, f"{folder}/ holds no Python"
        files += [file.relative_to(ROOT) for file in below]
    return tuple(files)


@functools.cache
def syntax_tree(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def room_of(file: Path) -> str:
    folders = file.parts[:-1]
    if not folders or folders[0] in ONE_ROOM:
        return folders[0] if folders else file.stem
    if folders[0] == "shared_code":
        folders = folders[: 3 if folders[:2] == ("shared_code", "adapters") else 2]
    if folders[0] == "cli":
        folders = folders[:1]
    is_own_room = folders in {("shared_code",), ("shared_code", "adapters")}
    return "/".join(folders) + (f"/{file.stem}" if is_own_room else "")


@functools.cache
def imports() -> tuple[Import, ...]:
    """Every import of one file of the project by another."""
    modules = {_module_name(file): file for file in python_files()}
    return tuple(
        Import(file, modules[name], line)
        for file in python_files()
        for name, line in _imported_modules(file, modules)
        if modules[name] != file
    )


def circles() -> list[list[str]]:
    """Returns the files that import one another in a circle, each circle once (Tarjan, 1972)."""
    targets: dict[Path, list[Path]] = {file: [] for file in python_files()}
    for each in imports():
        targets[each.file].append(each.target)
    order: dict[Path, int] = {}
    low: dict[Path, int] = {}
    path: list[Path] = []
    result: list[list[str]] = []

    def visit(file: Path) -> None:
        order[file] = low[file] = len(order)
        path.append(file)
        for target in targets[file]:
            if target not in order:
                visit(target)
                low[file] = min(low[file], low[target])
            elif target in path:
                low[file] = min(low[file], order[target])
        if low[file] == order[file]:
            circle = path[path.index(file) :]
            del path[path.index(file) :]
            if len(circle) > 1:
                result.append(sorted(map(str, circle)))

    for file in targets:
        if file not in order:
            visit(file)
    return result


def _module_name(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported_modules(file: Path, modules: dict[str, Path]) -> Iterator[tuple[str, int]]:
    for node in ast.walk(syntax_tree(file)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file}:{node.lineno}: write the import out, from the top"
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules else node.module for name in submodules]
        else:
            continue
        yield from ((name, node.lineno) for name in dict.fromkeys(names) if name in modules)
