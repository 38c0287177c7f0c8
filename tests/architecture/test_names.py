"""Names are the field's: none of a private language, and each public class name means one thing."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.house import ROOT, python_files, syntax_tree

PARTICIPLES = {"asked", "came", "found", "given", "kept", "said", "sought", "told"}
"""What a value went through is not what it is: call it hits, response, blob_names, job."""

MOVED_ONLY = ("shared_code/search", "shared_code/indexing", "shared_code/adapters/qdrant")
"""Rooms that are about to be rewritten, and get their names then."""


def test_files() -> list[Path]:
    return sorted(file.relative_to(ROOT) for file in (ROOT / "tests").rglob("*.py"))


test_files.__test__ = False  # type: ignore[attr-defined]


def declared_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno


def docstrings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def is_exempt(file: Path) -> bool:
    return str(file).startswith(MOVED_ONLY)


def test_no_name_is_a_participle():
    wrong = [
        f"{file}:{line} {name}"
        for file in [*python_files(), *test_files()]
        if not is_exempt(file)
        for name, line in declared_names(syntax_tree(file))
        if name.strip("_") in PARTICIPLES
    ]
    assert not wrong, "\n".join(["A name says what it holds or does, not what befell it:", *wrong])


def test_the_check_of_names_sees_each_kind_of_name():
    code = """
import json as told
def said(kept, *came): found = 1; self.given = 2
class sought: pass
try: ...
except OSError as asked: ...
"""
    assert {name for name, _ in declared_names(ast.parse(code))} >= PARTICIPLES


def test_public_class_names_are_unique():
    places = defaultdict(list)
    for file in python_files():
        for node in ast.walk(syntax_tree(file)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(f"{file}:{node.lineno}")
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert not twice, f"one name, one meaning: {twice}"


def test_files_that_docstrings_name_exist():
    named, gone = 0, []
    for file in python_files():
        for node in ast.walk(syntax_tree(file)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                for path in re.findall(
                    r"``([\w.-]+/[\w./-]+\.py)``", ast.get_docstring(node) or ""
                ):
                    named += 1
                    if not any((folder / path).exists() for folder in (ROOT, ROOT / file.parent)):
                        gone.append(f"{file}: {path}")
    assert named > 10
    assert not gone, f"these files were moved or deleted: {gone}"


def test_docstrings_are_sentences():
    wrong = [
        f"{file}: {text.splitlines()[0]}"
        for file in [*python_files(), *test_files()]
        if not is_exempt(file)
        for text in docstrings(syntax_tree(file))
        if re.match(r"Of\b", text)
    ]
    assert not wrong, "\n".join(["A docstring says what it is or does:", *wrong])
