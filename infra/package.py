"""Builds the deployed package: the app, its model bundles, Linux wheels, and bytecode of it all.

The app's files are listed here (``APP_FILES``), so no other file in the folder gets in: no
settings, no keys. Requirements go to ``.python_packages/lib/site-packages``, where Azure's worker
looks for them, as wheels for Azure's Linux whatever this machine is. Parts of them that the app
never uses are left out (``LEFT_OUT``); a test starts the app from the zip to check that. A new
instance unpacks the zip and starts with empty caches, so bytecode is included: compiled by an
interpreter of the target's version, unchecked-hash, which Python loads without looking at the
source (PEP 552). The same input gives the same zip.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pathspec

from infra.interpreters import find_interpreter, read_version

ROOT = Path(__file__).parents[1]
PACKAGES = Path(".python_packages") / "lib" / "site-packages"
PLATFORM = "x86_64-manylinux_2_28"
"""Of Azure Functions' Linux: Debian 11 and 12 have a newer C library."""
DEPLOYED_AT = "/home/site/wwwroot"
"""Where Azure mounts the package: the folder that tracebacks name."""
STARTER = Path("models") / "starter"
FULL_MODEL = Path("models") / "clip-vit-base-patch32-int8"
"""The default output of ``make export``."""
MOST_MB = 500
"""Unpacked. Flex Consumption unpacks the whole at each cold start."""

APP_FILES = {
    ".": ["function_app.py", "host.json", "requirements.txt", "LICENSE", "NOTICE"],
    "functions": ["*.py"],
    "shared_code": ["*.py"],
    "web": ["*.html", "*.css", "*.js", "*.svg", "*.txt", "LICENSE", "NOTICE"],
}
"""What is packed, by the folder that it lies in (the root's names exactly, the other folders to any
depth); of ``models/`` it is what each manifest names."""

FUNCIGNORE = (
    "# Everything in this folder is deployed. Without this file azd would leave out __pycache__.\n"
)

LEFT_OUT = [
    "*.pyi",
    # what only a compiler reads
    "*.c",
    "*.h",
    "*.proto",
    "*.pxd",
    "*.pyx",
    "bin/",
    "tests/",
    "numpy/f2py/",
    "numpy/**/lib*.a",
    # the runtime alone runs a model; these make, convert and measure models
    "onnxruntime/transformers/",
    "onnxruntime/tools/",
    "onnxruntime/quantization/",
    "onnxruntime/datasets/",
    # tokenizers wants them to download from the hub, which the app never does
    "hf_xet*/",
    "huggingface_hub*/",
    "fsspec*/",
    # httpx speaks HTTP/1.1 here; httpcore imports these wherever they are installed
    "h2/",
    "hpack/",
    "hyperframe/",
]
"""What the app cannot need of its requirements, in the syntax of .gitignore."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Wheels:
    """The pinned requirements, as wheels for Azure's Linux."""

    python: str = "3.11"
    onnxruntime: str = "onnxruntime"

    def install(self, folder: Path) -> None:
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(folder)]
        command += ["--python-version", self.python, "--python-platform", PLATFORM]
        command += ["--only-binary", ":all:", "--link-mode", "copy", "--no-compile-bytecode"]
        subprocess.run([*command, "-r", "-"], check=True, text=True, input=self.list_requirements())

    def list_requirements(self) -> str:
        lines = (ROOT / "requirements.txt").read_text().splitlines()
        build = f"{self.onnxruntime}=="
        return "\n".join(re.sub(r"^onnxruntime==", build, line) for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "app.zip")
    parser.add_argument("--folder", type=Path, help="write a folder with it instead of a zip")
    parser.add_argument(
        "--onnxruntime", default="onnxruntime", help="another build of it, such as onnxruntime-gpu"
    )
    parser.add_argument("--python", default="3.11", help="of the function app: %(default)s")
    parser.add_argument(
        "--interpreter", help="a Python of that version, to compile with; looked for if left out"
    )
    parser.add_argument(
        "--model",
        type=Path,
        action="append",
        default=[],
        help="a bundle to put in, below models/; all that are there if left out",
    )
    options = parser.parse_args()
    wheels = Wheels(options.python, options.onnxruntime)
    interpreter = choose_interpreter(options.python, options.interpreter)
    bundles = find_bundles(options.model)
    check_next_model(bundles, os.environ.get("NEXT_MODEL_DIR", ""))
    print(describe_models(bundles, os.environ.get("MODEL_DIR", "")))
    if options.folder is None:
        build_zip(options.out, wheels, interpreter, bundles)
    else:
        remove_earlier_package(options.folder)
        assemble(options.folder, wheels, interpreter, bundles)
    print_report(options.folder or options.out)


def build_zip(out: Path, wheels: Wheels, interpreter: str, bundles: Sequence[Path]) -> None:
    """Writes the zip. Raises CalledProcessError where the wheels cannot be downloaded."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        assemble(Path(folder), wheels, interpreter, bundles)
        write_zip(Path(folder), out)


def assemble(folder: Path, wheels: Wheels, interpreter: str, bundles: Sequence[Path]) -> None:
    """Puts the package together in an empty folder, as it will lie in Azure."""
    for name in [*list_app_files(ROOT), *list_model_files(bundles)]:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    (folder / ".funcignore").write_text(FUNCIGNORE)
    wheels.install(folder / PACKAGES)
    remove_unneeded(folder / PACKAGES)
    compile_bytecode(folder, interpreter)


def list_app_files(root: Path) -> Iterator[Path]:
    """Yields the names of the app's own files below ``root``, models aside."""
    for folder, patterns in APP_FILES.items():
        for pattern in patterns:
            paths = root.glob(pattern) if folder == "." else (root / folder).rglob(pattern)
            for path in sorted(paths):
                # an editor's lock for search.py is called .#search.py
                if path.is_file() and (path.name in patterns or not path.name.startswith(".")):
                    yield path.relative_to(root)


def list_model_files(bundles: Sequence[Path]) -> Iterator[Path]:
    """Yields the names of the files that the bundles' manifests list, and of the manifests."""
    for bundle in bundles:
        manifest = json.loads((bundle / "manifest.json").read_bytes())
        for name in ["manifest.json", *manifest["files"]]:
            yield (bundle / name).relative_to(ROOT)


def find_bundles(models: Sequence[Path]) -> list[Path]:
    """Returns the folders of these models, of all below models/ if there are none. Raises
    SystemExit for a folder that is no bundle."""
    folders = sorted((ROOT / "models").iterdir())
    bundles = [folder for folder in folders if (folder / "manifest.json").is_file()]
    return [find_bundle(model) for model in models] or bundles


def describe_models(bundles: Sequence[Path], model_dir: str) -> str:
    """Returns which models are packed and which of them the app will serve: ``model_dir`` is the
    setting, empty where whoever packs does not know it. Raises SystemExit where that one is not
    packed."""
    packed = [bundle.relative_to(ROOT) for bundle in bundles]
    names = ", ".join(map(str, packed)) or "none"
    if not model_dir and STARTER not in packed:
        return f"Models packed: {names}. Set MODEL_DIR to the one that the app is to serve."
    served = Path(model_dir) if model_dir else STARTER
    if served not in packed:
        raise SystemExit(
            f"MODEL_DIR is {served}, but the models packed are: {names}. "
            "Put the bundle below models/, or set MODEL_DIR to one of these."
        )
    text = f"Models packed: {names}. The app will serve {served}."
    if served == STARTER:
        text += (
            "\nThis is a small stand-in for trying things out; do not judge the search by it. "
            "To export a real model, on a machine that can reach huggingface.co:"
            f"\n    make export        # writes {FULL_MODEL}"
            f"\n    azd env set MODEL_DIR {FULL_MODEL}"
        )
    return text


def check_next_model(bundles: Sequence[Path], next_model_dir: str) -> None:
    """Raises SystemExit where the model to move to is set and not packed."""
    if next_model_dir and ROOT / next_model_dir not in bundles:
        raise SystemExit(
            f"NEXT_MODEL_DIR is {next_model_dir}, which is not packed: put the bundle below models/"
        )


def find_bundle(model: Path) -> Path:
    if not (ROOT / model / "manifest.json").is_file():
        raise SystemExit(f"{model} is no model bundle: make one with `make export`")
    bundle = (ROOT / model).resolve()
    if bundle.parent != ROOT / "models":
        raise SystemExit(f"{model} is not below models/: put it there, so that MODEL_DIR finds it")
    return bundle


def remove_unneeded(packages: Path) -> None:
    unneeded = pathspec.GitIgnoreSpec.from_lines(LEFT_OUT)
    for name in list(unneeded.match_tree_files(packages)):
        (packages / name).unlink()


def choose_interpreter(version: str, path: str | None = None) -> str:
    """Returns a Python of this version (``3.12``). Raises SystemExit that says how to get one."""
    interpreter = path or find_interpreter(version)
    if interpreter is not None and read_version(interpreter) == version:
        return interpreter
    raise SystemExit(
        f"Bytecode for Python {version} has to be compiled by Python {version}: "
        f"{f'{path} is another' if path else 'there is none here'}. Install it (for example "
        f"`python -m uv python install {version}`) or name one with --interpreter."
    )


def compile_bytecode(folder: Path, interpreter: str) -> None:
    """Compiles every module, one after another in a fixed order and with a fixed hash seed, since
    both decide the bytes that come out. Raises SystemExit where one does not compile."""
    command = [interpreter, "-m", "compileall", "-q", "-j", "1"]
    command += ["--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", DEPLOYED_AT, str(folder)]
    run = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, check=False)
    if run.returncode:
        raise SystemExit("A module does not compile: its error stands above.")


def write_zip(folder: Path, out: Path) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in list_files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target)


def list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def remove_earlier_package(folder: Path) -> None:
    """Removes an earlier package. Raises SystemExit for a folder that is something else."""
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / PACKAGES).is_dir() or (folder / "infra").exists():
            raise SystemExit(f"{folder} is not empty, and no earlier package: remove it first")
        shutil.rmtree(folder)


def measure_sizes(package: Path) -> dict[str, float]:
    """Returns megabytes unpacked, by what they are, the largest first. ``package`` is a zip or a
    folder."""
    if package.is_dir():
        files = {path.relative_to(package): path.stat().st_size for path in list_files(package)}
    else:
        with zipfile.ZipFile(package) as archive:
            files = {Path(entry.filename): entry.file_size for entry in archive.infolist()}
    parts: dict[str, float] = {}
    for name, size in files.items():
        part = find_part(name)
        parts[part] = parts.get(part, 0.0) + size / 1e6
    return dict(sorted(parts.items(), key=lambda item: -item[1]))


def find_part(name: Path) -> str:
    """Returns the row of the size table that a file belongs to."""
    if name.suffix == ".pyc":
        return "bytecode"
    if name.is_relative_to(PACKAGES):
        return name.relative_to(PACKAGES).parts[0].partition("-")[0]
    return "models" if name.parts[0] == "models" else "the app itself"


def render_sizes(package: Path, parts: Mapping[str, float]) -> str:
    largest = list(parts.items())[:12]
    rest = sum(parts.values()) - sum(size for _, size in largest)
    lines = [f"{size:8.1f} MB  {part}" for part, size in [*largest, ("all else", rest)]]
    total = f"{sum(parts.values()):8.1f} MB  unpacked"
    if package.is_file():
        total += f", {package.stat().st_size / 1e6:.1f} MB as a zip"
    return "\n".join([*lines, total, str(package)])


def print_report(package: Path) -> None:
    """Prints the sizes. Raises SystemExit for a package that is too large to start from."""
    parts = measure_sizes(package)
    print(render_sizes(package, parts))
    unpacked_mb = sum(parts.values())
    if unpacked_mb > MOST_MB:
        sys.exit(f"{unpacked_mb:.0f} MB unpacked: over {MOST_MB} MB; put fewer models in")


if __name__ == "__main__":
    main()
