"""The files of the package: which get in, and which stay out even if they are in the folder."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pathspec
import pytest

from devhost import ROOT
from infra import package

SECRET = "not-for-anybody"  # pragma: allowlist secret
PLANTED = [
    ".env",
    ".env.production",
    ".azure/shop/.env",
    "local.settings.json",
    "qdrant.key",
    "function_app.py~",
    "functions/.env",
    "functions/.#search.py",
    "functions/search.py~",
    "functions/settings.json",
    "shared_code/id_rsa",
    "shared_code/storage.pem",
    "web/local.settings.json",
    "models/starter/qdrant.key",
]
NO_PATTERN_NAMES = {"functions/.#search.py", "functions/settings.json"}
NO_PATTERN_NAMES |= {"shared_code/id_rsa", "shared_code/storage.pem"}
"""A list of patterns cannot know these. They stay out because azd packs build/app, not the tree."""


class OneModule(package.Wheels):
    """Requirements that nobody has to download, with what careless patterns have dropped."""

    def install(self, folder):
        for name in ("one.py", "one/build/made.py", "one/notes.md", "one/cacert.pem"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("1")


@pytest.fixture(scope="module")
def working_tree(tmp_path_factory):
    """A copy of the tree with other files in it, as after some work."""
    tree = tmp_path_factory.mktemp("tree") / "app"
    folders = ["functions", "infra", "models", "shared_code", "web"]
    for folder in folders:
        shutil.copytree(ROOT / folder, tree / folder)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, tree)
    for name in PLANTED:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(SECRET)
    return tree


@pytest.fixture(scope="module")
def packager(working_tree):
    """The packaging script of that tree, which packs its own tree."""
    spec = importlib.util.spec_from_file_location("packager", working_tree / "infra" / "package.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def package_folder(packager, tmp_path_factory):
    folder = tmp_path_factory.mktemp("assembled")
    packager.assemble(folder, OneModule(), sys.executable, packager.find_bundles([]))
    return folder


def list_deployed(folder):
    """The names below a folder that azd packs, by the folder's .funcignore."""
    spec = pathspec.GitIgnoreSpec.from_lines((folder / ".funcignore").read_text().splitlines())
    names = {path.relative_to(folder).as_posix() for path in package.list_files(folder)}
    return {name for name in names if not spec.match_file(name)}


def test_no_secret_gets_into_the_zip(packager, tmp_path):
    packager.build_zip(tmp_path / "app.zip", OneModule(), sys.executable, packager.find_bundles([]))
    with zipfile.ZipFile(tmp_path / "app.zip") as archive:
        names = set(archive.namelist())
        assert not names & set(PLANTED)
        assert not [name for name in names if SECRET.encode() in archive.read(name)]
    assert {"function_app.py", "functions/search.py", "models/starter/text.onnx"} <= names


def test_azd_gets_no_secret_either(working_tree):
    """Were the tree itself packed, as Core Tools do and azd did: the patterns alone decide."""
    names = list_deployed(working_tree)
    assert names & set(PLANTED) <= NO_PATTERN_NAMES
    assert {"function_app.py", "functions/search.py", "models/starter/text.onnx"} <= names
    assert not [name for name in names if name.startswith(("infra/", "tests/", "pyproject"))]


def test_azd_packs_all_of_the_package_folder_folder(package_folder):
    """With bytecode, and with what the requirements call build, .md or .pem."""
    names = {
        path.relative_to(package_folder).as_posix() for path in package.list_files(package_folder)
    }
    assert list_deployed(package_folder) == names
    assert f"{package.PACKAGES}/one/build/made.py" in names
    assert [name for name in names if name.startswith("functions/__pycache__/search.")]
    [service] = re.findall(r"^    dist: (\S+)$", (ROOT / "azure.yaml").read_text(), re.MULTILINE)
    hooks = re.findall(r"--folder (\S+)", (ROOT / "azure.yaml").read_text())
    assert hooks
    assert set(hooks) == {service}


def test_every_file_of_the_app_is_packed():
    """Whatever is new below functions/, shared_code/ or web/ goes along, or is named here."""
    packed = {name.as_posix() for name in package.list_app_files(ROOT)}
    listed = subprocess.run(
        ["git", "ls-files", "functions", "shared_code", "web"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert set(listed.stdout.split()) <= packed


def test_the_same_input_gives_the_same_zip(tmp_path):
    for name in ("a.zip", "b.zip"):
        package.build_zip(tmp_path / name, OneModule(), sys.executable, package.find_bundles([]))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_models_can_be_chosen_and_a_folder_that_is_no_bundle_is_refused(tmp_path):
    starter = [Path("models/starter")]
    package.build_zip(
        tmp_path / "a.zip", OneModule(), sys.executable, package.find_bundles(starter)
    )
    assert package.measure_sizes(tmp_path / "a.zip")["models"] > 10
    with pytest.raises(SystemExit, match="make export"):
        package.find_bundles([Path("models/none")])


def test_the_starter_is_not_shipped_without_a_word():
    """A shop would judge the product by it. What to type is said with the folder it writes."""
    bundles = package.find_bundles([])
    for model_dir in ("", "models/starter"):
        text = package.describe_models(bundles, model_dir)
        assert "Models packed: models/starter" in text
        assert "make export" in text
        assert "azd env set MODEL_DIR models/clip-vit-base-patch32-int8" in text
    makefile = (ROOT / "Makefile").read_text()
    model = re.search(r"^MODEL = (\S+)$", makefile, re.MULTILINE)[1].rpartition("/")[2]
    assert f"models/{model}-int8" == str(package.FULL_MODEL)


def test_a_model_that_is_exported_is_served_without_a_warning():
    bundles = [ROOT / package.STARTER, ROOT / package.FULL_MODEL]
    text = package.describe_models(bundles, str(package.FULL_MODEL))
    assert text == (
        "Models packed: models/starter, models/clip-vit-base-patch32-int8. "
        "The app will serve models/clip-vit-base-patch32-int8."
    )


def test_a_model_that_is_chosen_for_a_container_needs_no_setting_here():
    text = package.describe_models([ROOT / package.FULL_MODEL], "")
    assert text.endswith("Set MODEL_DIR to the one that the app is to serve.")


def test_a_model_that_is_served_but_not_packed_stops_the_packaging():
    """azd hands MODEL_DIR to the hook that packs; the deployed app would answer every call 503."""
    with pytest.raises(SystemExit, match="MODEL_DIR is models/mine, but the models packed are"):
        package.describe_models(package.find_bundles([]), "models/mine")


def test_the_model_to_move_to_must_be_packed_too():
    bundles = package.find_bundles([])
    package.check_next_model(bundles, "")
    package.check_next_model(bundles, "models/starter")
    with pytest.raises(SystemExit, match="NEXT_MODEL_DIR is models/mine, which is not packed"):
        package.check_next_model(bundles, "models/mine")


def test_a_folder_is_replaced_only_if_it_is_an_earlier_package(package_folder, tmp_path):
    shutil.copytree(package_folder, tmp_path / "package")
    package.remove_earlier_package(tmp_path / "package")
    assert not (tmp_path / "package").exists()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    with pytest.raises(SystemExit, match="not empty"):
        package.remove_earlier_package(tmp_path / "photos")
    assert (tmp_path / "photos" / "cat.jpg").exists()


def test_bytecode_is_loaded_without_a_look_at_its_source(package_folder, tmp_path):
    """Unchecked-hash: the flags of PEP 552 are 0b01, so a source that differs is not noticed."""
    [compiled] = (package_folder / "shared_code" / "__pycache__").glob("version.*.pyc")
    assert compiled.read_bytes()[4:8] == b"\x01\x00\x00\x00"
    sources = {path for path in package.list_files(package_folder) if path.suffix == ".py"}
    cached = {Path(importlib.util.cache_from_source(path)) for path in sources}
    assert {path for path in package.list_files(package_folder) if path.suffix == ".pyc"} == cached


def test_bytecode_needs_a_python_of_the_target_version(tmp_path):
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert package.choose_interpreter(running) == sys.executable
    with pytest.raises(SystemExit, match=r"Python 3\.5.*--interpreter"):
        package.choose_interpreter("3.5")
    shim = tmp_path / "python3.5"
    shim.write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n")
    shim.chmod(0o755)
    with pytest.raises(SystemExit, match=str(shim)):
        package.choose_interpreter("3.5", str(shim))


def test_a_module_that_does_not_compile_stops_the_packaging(tmp_path):
    (tmp_path / "broken.py").write_text("def")
    with pytest.raises(SystemExit, match="does not compile"):
        package.compile_bytecode(tmp_path, sys.executable)
