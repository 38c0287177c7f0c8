"""The zip that is deployed: what is in it, and that it starts and answers with nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import qdrant_edge

from devhost import ROOT
from function_app import app
from infra import package
from tests.twins.qdrant_server import running_qdrant_server

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
IN_THE_IMAGE = "/home/site/wwwroot"
LIMIT_MB = 512
"""The smallest instance of Flex Consumption."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("package") / "app.zip"
    package.build_zip(out, package.Wheels(RUNNING), sys.executable, package.find_bundles([]))
    return out


@pytest.fixture(scope="module")
def unpacked_app(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder)
    return folder


def test_it_holds_what_runs_and_nothing_else(unpacked_app):
    assert {path.name for path in unpacked_app.iterdir()} == {
        *(".funcignore", ".python_packages", "LICENSE", "NOTICE", "function_app.py", "functions"),
        *("__pycache__", "host.json", "models", "requirements.txt", "shared_code", "web"),
    }


def test_it_is_small(built):
    """With the starter, 16 MB (a full CLIP adds some 140), and bytecode, 42 MB."""
    parts = package.measure_sizes(built)
    assert sum(parts.values()) < 320
    assert 30 < parts["bytecode"] < 60
    assert "unpacked" in package.render_sizes(built, parts)


def test_another_build_of_onnxruntime_at_the_same_version():
    plain = re.search(r"^onnxruntime==\S+", package.Wheels().list_requirements(), re.MULTILINE)
    other = package.Wheels(onnxruntime="onnxruntime-gpu[cuda,cudnn]").list_requirements()
    assert plain[0].replace("onnxruntime", "onnxruntime-gpu[cuda,cudnn]", 1) in other


def test_the_containers_steps_are_those_that_are_tested_here(tmp_path):
    """Docker is not needed for the first stage: it runs this script, on the files it copies."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    [line] = [line for line in dockerfile.splitlines() if "infra.package" in line]
    options = {word for word in line.split() if word.startswith("--")}
    assert options == {"--folder", "--python", "--model", "--onnxruntime"}
    source = tmp_path / "source"
    copy_docker_context(ROOT, source)
    process = subprocess.run(
        [sys.executable, "-m", "infra.package", "--folder", tmp_path / "app", "--python", RUNNING],
        cwd=source,
        check=True,
        capture_output=True,
    )
    assert process.stdout
    assert (tmp_path / "app" / "function_app.py").is_file()
    assert (tmp_path / "app" / package.PACKAGES / "onnxruntime").is_dir()


def copy_docker_context(root, to):
    """Copies what Docker sends to its build: in .dockerignore the last matching line decides."""
    lines = (root / ".dockerignore").read_text().splitlines()
    for line in lines:
        if line.startswith("!"):
            for path in root.glob(line[1:]):
                target = to / path.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                if path.is_dir():
                    shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(path, target)


AS_THE_WORKER = """
import json, os, sys
# what worker.py of Microsoft's azure-functions-python-worker does outside Azure, that is without
# CONTAINER_NAME and WEBSITE_INSTANCE_ID: nothing points it to .python_packages
sys.path.insert(1, os.getcwd())
sys.path.append(os.environ["AzureWebJobsScriptRoot"])
import function_app
print(json.dumps(sorted(f.get_function_name() for f in function_app.app.get_functions())))
"""


def test_the_worker_finds_the_functions_in_the_container(unpacked_app, tmp_path):
    dockerfile = (ROOT / "Dockerfile").read_text()
    variables = dict(re.findall(r"(AzureWebJobsScriptRoot|PYTHONPATH)=(\S+)", dockerfile))
    image = {
        name: value.replace(IN_THE_IMAGE, str(unpacked_app)) for name, value in variables.items()
    }
    without = {"AzureWebJobsScriptRoot": image["AzureWebJobsScriptRoot"]}

    def start_worker(environment):
        return subprocess.run(
            [sys.executable, "-S", "-c", AS_THE_WORKER],
            cwd=tmp_path,
            env={"LOCAL_DIR": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    assert "search_by_text" in json.loads(start_worker(image).stdout)
    assert "No module named 'azure'" in start_worker(without).stderr


def test_the_docs_name_the_port_that_the_container_listens_on():
    [port] = re.findall(r"^EXPOSE (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert f"--target-port {port}" in (ROOT / "docs" / "deploy.md").read_text()


def test_the_dockerfile_is_clean():
    subprocess.run([Path(sys.executable).with_name("hadolint"), "Dockerfile"], cwd=ROOT, check=True)


def run(app, folder, **env):
    """Runs the app in a Python that has only the package; returns what it prints of each step."""
    picture = ROOT / "samples" / "images" / "red-dress" / "front.webp"
    done = subprocess.run(
        [sys.executable, "-I", "-S", Path(__file__).with_name("worker.py"), app],
        env={"PATH": os.environ["PATH"], "LOCAL_DIR": str(folder), "PICTURE": str(picture), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    steps = {step["step"]: step for step in map(json.loads, done.stdout.splitlines())}
    assert {step["status"] for step in steps.values() if "status" in step} == {200}, done.stderr
    return steps


@pytest.fixture(scope="module")
def steps(unpacked_app, tmp_path_factory):
    """With a server that speaks Qdrant's protocol, as it is deployed."""
    with running_qdrant_server() as qdrant:
        folder = tmp_path_factory.mktemp("local")
        return run(unpacked_app, folder, QDRANT_URL=qdrant.url, LIMIT_MB=str(LIMIT_MB))


def test_it_starts_and_answers_by_itself(steps):
    handlers = {name for name, step in steps.items() if "status" in step}
    assert handlers == {"search_by_picture", "search_by_text", "health"}
    assert steps["health"]["body"]["checks"]["index"] == "ok"
    assert steps["durable"]["client"]


def test_a_search_waits_for_no_library_that_it_does_not_use(unpacked_app, tmp_path):
    """azure.storage.blob takes longer to import than the encoder does."""
    account = "AzureWebJobsStorage__blobServiceUri"
    with running_qdrant_server() as qdrant:
        settings = {"QDRANT_URL": qdrant.url, account: "https://shop.blob.core.windows.net"}
        steps = run(unpacked_app, tmp_path, DEEP="false", **settings)
    assert steps["searched"]["loaded"] == []


def test_it_indexes_and_finds_by_itself(unpacked_app, tmp_path):
    """With the embedded index, which is no part of the package, since a server is deployed."""
    extra = tmp_path / "extra"
    shutil.copytree(Path(qdrant_edge.__file__).parent, extra / "qdrant_edge")
    steps = run(unpacked_app, tmp_path / "local", EMBEDDED_INDEX=str(extra))
    assert steps["index_product_with_image"]["body"]["status"] == "indexed"
    for search in ("search_by_picture", "search_by_text"):
        assert [hit["id"] for hit in steps[search]["body"]["results"]] == ["red-dress"]


def test_its_functions_are_those_of_the_repository(steps):
    names = sorted(builder._function.get_function_name() for builder in app._function_builders)
    assert steps["indexed"]["functions"] == names


def test_it_fits_into_the_smallest_instance(steps):
    """It has run under a limit of its private memory (RLIMIT_DATA), beyond which no allocation
    succeeds; its highest resident size, files included, is below it too. Both towers, Qdrant's
    client and Durable's library are in use; what Azure's worker adds is not (docs/costs.md)."""
    assert steps["memory"]["peak_mb"] < LIMIT_MB


def test_without_a_server_every_answer_names_the_setting(unpacked_app, tmp_path):
    """The embedded index is no part of the package, so QDRANT_URL must be set."""
    program = ROOT / "tests" / "functions" / "without_engine.py"
    paths = [unpacked_app / package.PACKAGES, unpacked_app]
    done = subprocess.run(
        [sys.executable, "-S", program],
        cwd=unpacked_app,
        env={"LOCAL_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    responses = {line["name"]: line for line in map(json.loads, done.stdout.splitlines()[:-1])}
    for name in ("search_by_text", "search_by_picture", "stats", "health", "index_batch"):
        assert responses[name]["status"] == 503
        assert "QDRANT_URL" in responses[name]["body"]
    assert responses["bulk_index"]["raised"].startswith("Misconfigured")
