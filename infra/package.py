"""Builds the very zip that is deployed: the app, its model bundles, and Linux wheels beside them.

Which files are the app's is said by ``.funcignore``, as azd and Core Tools read it. Requirements
go to ``.python_packages/lib/site-packages``, where Azure's worker looks for them, as wheels for
Azure's Linux whatever this machine is; what the app cannot need of them is left out (``LEFT_OUT``),
which a test holds to by starting the app from the zip. The same input gives the same zip.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pathspec

ROOT = Path(__file__).parents[1]
PACKAGES = Path(".python_packages") / "lib" / "site-packages"
PLATFORM = "x86_64-manylinux_2_28"
"""Of Azure Functions' Linux: Debian 11 and 12 have a newer C library."""
MOST_MB = 500
"""Unpacked. Flex Consumption unpacks the whole at each cold start."""

LEFT_OUT = [
    "__pycache__/",
    "*.pyc",
    "*.pyi",
    "bin/",
    "tests/",
    "numpy/**/*.h",
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
]
"""In the syntax of .gitignore, below site-packages."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Package:
    path: Path
    unpacked_mb: float
    parts: dict[str, float]
    """Megabytes unpacked, by what they are, the largest first."""

    @property
    def zipped_mb(self) -> float:
        return self.path.stat().st_size / 1e6


@dataclass(frozen=True, slots=True)
class Wheels:
    """The pinned requirements, as wheels for Azure's Linux."""

    python: str = "3.11"
    onnxruntime: str = "onnxruntime"

    def install(self, folder: Path) -> None:
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(folder)]
        command += ["--python-version", self.python, "--python-platform", PLATFORM]
        command += ["--only-binary", ":all:", "--link-mode", "copy", "--no-compile-bytecode"]
        subprocess.run([*command, "-r", "-"], check=True, text=True, input=self.requirements())

    def requirements(self) -> str:
        lines = (ROOT / "requirements.txt").read_text().splitlines()
        build = f"{self.onnxruntime}=="
        return "\n".join(re.sub(r"^onnxruntime==", build, line) for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "app.zip")
    parser.add_argument("--folder", type=Path, help="put it there instead, unpacked")
    parser.add_argument(
        "--vendor", action="store_true", help="only put the wheels where azd packs them up"
    )
    parser.add_argument(
        "--onnxruntime", default="onnxruntime", help="another build of it, such as onnxruntime-gpu"
    )
    parser.add_argument("--python", default="3.11", help="of the function app: %(default)s")
    parser.add_argument(
        "--model",
        type=Path,
        action="append",
        default=[],
        help="a bundle to put in, below models/; all that are there if left out",
    )
    asked = parser.parse_args()
    wheels = Wheels(asked.python, asked.onnxruntime)
    package = build(asked.out, wheels, models=asked.model)
    print(described(package))
    if asked.folder is not None or asked.vendor:
        unpack(package.path, asked.folder or ROOT, only=PACKAGES if asked.vendor else None)
    if package.unpacked_mb > MOST_MB:
        sys.exit(f"{package.unpacked_mb:.0f} MB unpacked: over {MOST_MB} MB; put fewer models in")


def build(out: Path, wheels: Wheels, *, models: Sequence[Path] = ()) -> Package:
    """Raises SystemExit for a model that is none, CalledProcessError where wheels cannot be had."""
    chosen = [_bundle(model) for model in models]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        installed = Path(folder)
        wheels.install(installed)
        files = {name: ROOT / name for name in app_files(ROOT) if _is_chosen(name, chosen)}
        left_out = pathspec.GitIgnoreSpec.from_lines(LEFT_OUT)
        for path in _files(installed):
            name = path.relative_to(installed)
            if not left_out.match_file(str(name)):
                files[PACKAGES / name] = path
        _write(out, files)
        return _measured(out, files)


def unpack(archive: Path, folder: Path, only: Path | None = None) -> None:
    """``only``: what lies below it, in place of what is there."""
    if only is not None:
        shutil.rmtree(folder / only, ignore_errors=True)
    with zipfile.ZipFile(archive) as opened:
        names = [n for n in opened.namelist() if only is None or Path(n).is_relative_to(only)]
        opened.extractall(folder, names)


def app_files(root: Path) -> Iterator[Path]:
    """Names below ``root`` that .funcignore lets through, in order."""
    ignored = pathspec.GitIgnoreSpec.from_lines((root / ".funcignore").read_text().splitlines())
    for path in _files(root, skip=ignored):
        yield path.relative_to(root)


def _files(folder: Path, skip: pathspec.GitIgnoreSpec | None = None) -> Iterator[Path]:
    """In order; a folder that is skipped is not entered."""

    def walk(at: Path) -> Iterator[Path]:
        for path in sorted(at.iterdir()):
            name = str(path.relative_to(folder))
            if skip is not None and skip.match_file(f"{name}/" if path.is_dir() else name):
                continue
            if path.is_dir():
                yield from walk(path)
            else:
                yield path

    return walk(folder)


def _bundle(model: Path) -> str:
    if not (ROOT / model / "manifest.json").is_file():
        raise SystemExit(f"{model} is no model bundle: make one with `make export`")
    found = (ROOT / model).resolve()
    if found.parent != ROOT / "models":
        raise SystemExit(f"{model} is not below models/: put it there, so that MODEL_DIR finds it")
    return found.name


def _is_chosen(name: Path, models: Sequence[str]) -> bool:
    if name.is_relative_to(PACKAGES):  # of an earlier --vendor: those of now come besides
        return False
    return not models or name.parts[0] != "models" or name.parts[1] in models


def _write(out: Path, files: dict[Path, Path]) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name.as_posix(), _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            with files[name].open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target)


def _measured(out: Path, files: dict[Path, Path]) -> Package:
    parts: dict[str, float] = {}
    for name, path in files.items():
        at = len(PACKAGES.parts)
        part = name.parts[at].partition("-")[0] if name.parts[:at] == PACKAGES.parts else ""
        part = part or ("models" if name.parts[0] == "models" else "the app itself")
        parts[part] = parts.get(part, 0.0) + path.stat().st_size / 1e6
    ordered = dict(sorted(parts.items(), key=lambda each: -each[1]))
    return Package(out, sum(parts.values()), ordered)


def described(package: Package) -> str:
    shown = list(package.parts.items())[:12]
    rest = package.unpacked_mb - sum(size for _, size in shown)
    lines = [f"{size:8.1f} MB  {part}" for part, size in [*shown, ("all else", rest)]]
    total = f"{package.unpacked_mb:8.1f} MB  unpacked, {package.zipped_mb:.1f} MB as a zip"
    return "\n".join([*lines, total, str(package.path)])


if __name__ == "__main__":
    main()
