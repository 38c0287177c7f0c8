"""Finds the files of a model: in a folder, or on the hub, from which one commit is downloaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from model_export.errors import ExportError, SourceUnavailable

SMALL = ("*.json", "*.txt", "*.model", "README.md")
WEIGHTS = {"safetensors": "model*.safetensors", "bin": "pytorch_model*.bin"}
"""By form. Of two forms of the same weights, the first that a folder has is used."""

UNKNOWN = "unknown: read the model's page before you deploy it"


@dataclass(frozen=True, slots=True)
class Checkout:
    folder: Path
    name: str
    revision: str
    """The hash of the commit, or "local folder"."""
    licence: str

    def read_json(self, file: str) -> Any:
        """Raises ExportError unless the file is there and is JSON."""
        path = self.folder / file
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as exc:
            raise ExportError(f"{self.name} has no {file}: is this a transformers model?") from exc
        except ValueError as exc:
            raise ExportError(f"{file} of {self.name} is not JSON: {exc}") from exc

    def has(self, file: str) -> bool:
        return (self.folder / file).is_file()


def check_out(model: str, revision: str | None = None) -> Checkout:
    """Returns the files of ``model``, which is a folder of a transformers model or a hub id.

    Raises SourceUnavailable when the hub does not answer or does not know the id.
    """
    folder = Path(model)
    if folder.is_dir():
        if revision:
            raise ExportError("--revision is for hub ids: a folder holds one revision already")
        return Checkout(folder, folder.resolve().name, "local folder", _read_licence(folder))
    if model.startswith((".", "/", "~")) or model.count("/") != 1:
        raise SourceUnavailable(
            f"there is no folder {model!r}, and a hub id is written owner/name, "
            "for example openai/clip-vit-base-patch32"
        )
    downloaded = _download(model, revision)
    return Checkout(downloaded, model, downloaded.name, _read_licence(downloaded))


def _download(model: str, revision: str | None) -> Path:
    """Returns the folder of the snapshot, which is named after its commit."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        file_names = HfApi().list_repo_files(model, revision=revision)
        patterns = [*SMALL, *choose_weight_files(model, file_names)]
        return Path(snapshot_download(model, revision=revision, allow_patterns=patterns))
    except HfHubHTTPError as exc:
        status = getattr(exc.response, "status_code", "no status")
        raise SourceUnavailable(
            f"the hub does not serve {model} at revision {revision or 'main'} (HTTP {status}): "
            "check the id, the revision, and HF_TOKEN if the model is gated"
        ) from exc
    except OSError as exc:  # requests' and httpx' connection errors, and a full disk
        raise SourceUnavailable(_describe_unreachable(model, exc)) from exc
    except Exception as exc:
        if "httpx" not in type(exc).__module__:
            raise
        raise SourceUnavailable(_describe_unreachable(model, exc)) from exc


def choose_weight_files(model: str, file_names: list[str]) -> list[str]:
    """Returns the weight files of each folder, in the first form that it has.

    A sentence model may hold its tower in one form and its dense layer in the other. Files for
    other programs (onnx, openvino, flax) are left out. Raises ExportError if there are no weights.
    """
    files_by_folder: dict[str, dict[str, list[str]]] = {}
    for name in file_names:
        folder, _, file = name.rpartition("/")
        form = next((form for form, pattern in WEIGHTS.items() if fnmatch(file, pattern)), None)
        if form is not None:
            files_by_folder.setdefault(folder, {}).setdefault(form, []).append(name)
    if not files_by_folder:
        raise ExportError(f"{model} has no weights that transformers loads ({', '.join(WEIGHTS)})")
    return [
        name
        for forms in files_by_folder.values()
        for name in next(forms[form] for form in WEIGHTS if form in forms)
    ]


def _describe_unreachable(model: str, exc: Exception) -> str:
    return (
        f"the Hugging Face hub cannot be reached ({type(exc).__name__}). On a machine that "
        f"reaches it run `hf download {model} --local-dir weights`, copy the folder here, and "
        "pass --model weights"
    )


def _read_licence(folder: Path) -> str:
    """Returns the licence in the front matter of the model card, or UNKNOWN."""
    card = folder / "README.md"
    if not card.is_file():
        return UNKNOWN
    _, _, rest = card.read_text(encoding="utf-8", errors="replace").partition("---\n")
    front, _, _ = rest.partition("\n---")
    licences = (line for line in front.splitlines() if line.startswith("license:"))
    return next((line.partition(":")[2].strip() for line in licences), "") or UNKNOWN
