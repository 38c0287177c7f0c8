"""What holds everywhere: a light import, settings that are documented, pinned requirements."""

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

from shared_code.settings import Settings, setting_name
from shared_code.version import __version__
from tests.registered_functions import registered_functions

ROOT = Path(__file__).parents[2]
HEAVY = (
    *("numpy", "onnxruntime", "qdrant_client", "qdrant_edge", "PIL", "azure.storage"),
    *("opentelemetry", "azure.monitor"),
)


def python_files(folder: str) -> list[Path]:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files, folder
    return files


def test_importing_the_entry_point_loads_nothing_heavy():
    code = f"import sys, function_app; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_setting_is_in_the_example_and_the_readme():
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    readme = (ROOT / "README.md").read_text()
    names = {setting_name(f.name) for f in fields(Settings)}
    assert names - set(example) == set()
    assert set(example) - names == {"FUNCTIONS_WORKER_RUNTIME"}
    assert {name for name in names if f"`{name}`" not in readme} == set()


def test_the_example_holds_the_defaults():
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    del example["AzureWebJobsStorage"]  # Core Tools need Azurite; the default needs nothing
    assert Settings.from_env(example) == Settings.from_env({})


def test_whatever_works_for_a_call_on_another_thread_is_bound_to_it():
    """Else Azure's worker cannot tell whose log lines are written there. Telemetry's thread works
    for the whole process."""
    starts = re.compile(r"\bto_thread\(|\brun_in_executor\(|\bThread\(|\bThreadPoolExecutor\(")
    files = [*python_files("functions"), *python_files("shared_code")]
    starting = [path for path in files if starts.search(path.read_text())]
    unbound = {path.name for path in starting if "bind_to_call(" not in path.read_text()}
    assert unbound == {"azure_monitor.py"}


def test_function_names_are_unique_and_every_blueprint_is_registered():
    names = [f.get_function_name() for f in registered_functions()]
    assert len(names) == len(set(names)) >= 12


def test_the_version_is_said_once_in_effect():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__


def test_the_pinned_requirements_say_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {"requirements.txt": project["dependencies"]}
    declared["requirements-local.txt"] = project["optional-dependencies"]["local"]
    declared["requirements-dev.txt"] = project["optional-dependencies"]["dev"]
    for file, requirements in declared.items():
        pinned = set(re.findall(r"^([\w-]+)==", (ROOT / file).read_text(), re.MULTILINE))
        named = {re.split(r"[<>=]", requirement)[0] for requirement in requirements}
        assert named <= pinned, f"run make lock: {file} lacks {named - pinned}"


def test_nothing_that_is_deployed_needs_a_development_package():
    pinned = (ROOT / "requirements.txt").read_text()
    for name in ("starlette", "uvicorn", "qdrant-edge-py", "torch", "transformers", "pytest"):
        assert f"\n{name}==" not in pinned
