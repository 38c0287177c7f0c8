"""The rooms of the house: who may import whom. docs/architecture.md draws the same picture."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture.house import (
    ROOT,
    Import,
    circles,
    imports,
    python_files,
    room_of,
    syntax_tree,
)

DOMAIN = "shared_code/domain"
SETTINGS = "shared_code/settings"
CAPABILITIES = {
    "shared_code/search": set(),
    "shared_code/users": set(),
    "shared_code/failures": set(),
    "shared_code/pictures": set(),
    "shared_code/indexing": {"shared_code/failures", "shared_code/pictures"},
    "shared_code/products": {"shared_code/failures", "shared_code/indexing"},
    "shared_code/feeds": {"shared_code/indexing", "shared_code/products"},
    "shared_code/bulk": {"shared_code/failures", "shared_code/feeds", "shared_code/indexing"},
    "shared_code/reconcile": {"shared_code/failures", "shared_code/indexing"},
    "shared_code/reindex": {"shared_code/bulk"},
}
"""Each capability with the others that it may import, beside the domain."""

ADAPTERS = {
    "shared_code/adapters/breaker": set(),
    "shared_code/adapters/cache": set(),
    "shared_code/adapters/clip": {"shared_code/adapters/pictures"},
    "shared_code/adapters/downloads": set(),
    "shared_code/adapters/pictures": set(),
    "shared_code/adapters/qdrant": {"shared_code/adapters/breaker"},
    "shared_code/adapters/storage": set(),
    "shared_code/adapters/telemetry": set(),
    "shared_code/adapters/users": {
        "shared_code/adapters/breaker",
        "shared_code/adapters/storage",
    },
}
"""Each adapter's room with the others that it may import, beside the domain."""


def is_allowed(an_import: Import) -> bool:
    source, target = room_of(an_import.file), room_of(an_import.target)
    if source == target:
        return True
    if source == DOMAIN:
        return False
    if source in CAPABILITIES:
        return target == DOMAIN or target in CAPABILITIES[source]
    if source in ADAPTERS:
        return target == DOMAIN or target in ADAPTERS[source]
    if source.startswith("shared_code/"):  # the composition root, and the settings
        return target.startswith("shared_code/")
    if source == "function_app":
        return target.startswith("functions")
    if source.startswith("functions"):
        of_ours = target.startswith(("functions", "shared_code"))
        return of_ours and target not in {*ADAPTERS, "shared_code/wiring"}
    if source == "cli":
        return target in {"samples", "functions/schemas"} or target.startswith("shared_code")
    if source == "model_export":
        return target in {"samples", DOMAIN, "shared_code/adapters/clip"}
    return True


def test_imports_go_one_way():
    stray = [str(each) for each in imports() if not is_allowed(each)]
    assert not stray, "\n".join(
        ["Imports go one way: functions, the composition root, capabilities, domain:", *stray]
    )


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("functions/search.py", "shared_code/adapters/qdrant/index.py"),
        ("functions/search.py", "devhost/host.py"),
        ("shared_code/domain/errors.py", "shared_code/settings.py"),
        ("shared_code/search/ranking.py", "shared_code/users/store.py"),
        ("shared_code/indexing/indexing.py", "shared_code/bulk/jobs.py"),
        ("shared_code/adapters/clip/encoder.py", "shared_code/settings.py"),
        ("shared_code/app.py", "functions/search.py"),
        ("cli/index.py", "devhost/host.py"),
        ("model_export/parity.py", "benchmarks/encode.py"),
    ],
)
def test_imports_that_break_the_rule_are_seen(source, target):
    assert (ROOT / source).exists()
    assert (ROOT / target).exists()
    assert not is_allowed(Import(Path(source), Path(target), 1))


def test_there_is_no_circle():
    assert circles() == [], "Files import each other in a circle, be it lazily or for types only."


def test_every_room_is_in_the_picture():
    rooms = {room_of(file) for file in python_files() if file.parts[0] == "shared_code"}
    at_the_top = {f"shared_code/{file.stem}" for file in (ROOT / "shared_code").glob("*.py")}
    drawn = {DOMAIN, *CAPABILITIES, *ADAPTERS, *at_the_top, "shared_code/adapters/__init__"}
    assert rooms <= drawn, f"draw these rooms, with their arrows: {sorted(rooms - drawn)}"


def test_the_domain_imports_the_standard_library_only():
    """numpy may be named for types; its arrays pass through."""
    import sys

    for file in python_files():
        if room_of(file) != DOMAIN:
            continue
        for node in ast.walk(syntax_tree(file)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            roots = {name.split(".")[0] for name in names}
            outside = roots - set(sys.stdlib_module_names) - {"shared_code", "numpy"}
            assert not outside, f"{file}:{node.lineno}: the domain imports {outside}"


def rooms_with_a_face() -> list[Path]:
    folders = {file.parent for file in python_files() if file.parts[0] in WITH_A_FACE}
    return sorted(folder for folder in folders if folder != Path())


WITH_A_FACE = ("functions", "shared_code", "cli", "devhost")


@pytest.mark.parametrize("folder", rooms_with_a_face(), ids=str)
def test_a_room_says_what_it_is_for_and_where_to_begin(folder):
    face = folder / "__init__.py"
    assert (ROOT / face).is_file(), f"{folder} has no __init__.py"
    text = ast.get_docstring(syntax_tree(face)) or ""
    sentences = re.findall(r"[.:!?](?=\s|$)", text)
    assert len(sentences) >= 2, f"{face} says what the room is for in two to five sentences"
    assert len(re.findall(r"[.!?](?=\s+[A-Z`]|\s*$)", text)) <= 6, f"{face} says too much"


def test_a_room_is_imported_by_its_face():
    """What a room's ``__init__.py`` exports is what others may use."""
    rooms = {*CAPABILITIES, "functions/durable", "functions/http", "functions/openapi"}
    inside = [
        str(each)
        for each in imports()
        if room_of(each.target) in rooms
        and room_of(each.file) != room_of(each.target)
        and each.file.parts[0] in ("functions", "shared_code")
        and each.target.name != "__init__.py"
    ]
    assert not inside, "\n".join(["Others import only what a room exports:", *inside])


TRIGGERS = sorted(file for file in python_files() if file.parent == Path("functions"))


@pytest.mark.parametrize("file", TRIGGERS, ids=str)
def test_a_file_of_triggers_holds_triggers(file):
    """Every function is registered, but for helpers of one line."""
    for node in syntax_tree(file).body:
        assert not isinstance(node, ast.ClassDef), f"{file}: {node.name} is no trigger"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.decorator_list:
            lines = [part for part in node.body if not _is_docstring(part)]
            assert len(lines) == 1, f"{file}:{node.lineno}: {node.name} is not registered"
            length = lines[0].end_lineno - lines[0].lineno + 1
            assert length == 1, f"{file}:{node.lineno}: {node.name} is no helper of one line"


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_no_prefix_stands_for_a_missing_folder():
    prefixes = Counter(
        (file.parent, file.stem.split("_")[0])
        for file in python_files()
        if "_" in file.stem.strip("_")
    )
    missing = [
        f"{folder}/{prefix}_*.py" for (folder, prefix), count in prefixes.items() if count > 2
    ]
    assert not missing, f"three files or more share a prefix: make it a folder: {missing}"


def test_the_composition_root_looks_nothing_up_by_its_name():
    for name in ("app", "wiring"):
        for node in ast.walk(syntax_tree(Path(f"shared_code/{name}.py"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"getattr", "setattr", "vars", "globals"}, (
                    f"shared_code/{name}.py:{node.lineno} looks a part up by its name"
                )
            if isinstance(node, ast.ClassDef):
                assert not node.bases, f"{node.name} inherits; the composition root composes"


def test_every_path_in_the_picture_of_the_house_exists():
    text = (ROOT / "docs/architecture.md").read_text()
    paths = {
        path
        for path in re.findall(r"`([\w./-]+)`", text)
        if "/" in path or path.endswith((".py", ".json", ".md"))
    }
    assert len(paths) > 30
    gone = sorted(path for path in paths if not (ROOT / path).exists())
    assert not gone, f"docs/architecture.md names what is not there: {gone}"


def test_the_picture_of_the_house_draws_the_arrows_that_there_are():
    """An arrow between two capabilities is an import; none is missing, and none too many."""
    text = (ROOT / "docs/architecture.md").read_text()
    [picture] = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    drawn = set()
    for source, targets in re.findall(r"^ *(\w+) --> ([\w &]+)$", picture, re.MULTILINE):
        drawn |= {(source, target.strip()) for target in targets.split("&")}
    capabilities = {room.rpartition("/")[2] for room in CAPABILITIES}
    among_capabilities = {arrow for arrow in drawn if set(arrow) <= capabilities}
    there_are = {
        (source.rpartition("/")[2], target.rpartition("/")[2])
        for source, target in ((room_of(each.file), room_of(each.target)) for each in imports())
        if source != target and source in CAPABILITIES and target in CAPABILITIES
    }
    assert among_capabilities == there_are
