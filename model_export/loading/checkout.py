"""Finds a model's files: a folder as it is, a hub id by downloading it at one commit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from model_export.errors import ExportError, SourceUnavailable

SMALL = ("*.json", "*.txt", "*.model", "README.md")
WEIGHTS = {"safetensors": "model*.safetensors", "bin": "pytorch_model*.bin"}
"""Of two forms of the same weights the first that a folder has is taken."""

UNKNOWN = "unknown: read the model's page before you deploy it"


@dataclass(frozen=True, slots=True)
class Checkout:
    folder: Path
    name: str
    revision: str
    """The commit's hash; "local folder" for one."""
    licence: str

    def json(self, file: str) -> Any:
        """Raises ExportError unless the file is there and is JSON."""
        path = self.folder / file
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as exc:
            raise ExportError(f"{self.name} has no {file}: is this a transformers model?") from exc
        except ValueError as exc:
            raise ExportError(f"{file} of {self.name} is no JSON: {exc}") from exc

    def has(self, file: str) -> bool:
        return (self.folder / file).is_file()


def check_out(model: str, revision: str | None = None) -> Checkout:
    """``model``: a folder of a transformers model, or a hub id.

    Raises SourceUnavailable when the hub does not answer or does not know the id.
    """
    folder = Path(model)
    if folder.is_dir():
        if revision:
            raise ExportError("--revision is for hub ids: a folder holds one revision already")
        return Checkout(folder, folder.resolve().name, "local folder", _licence(folder))
    if model.startswith((".", "/", "~")) or model.count("/") != 1:
        raise SourceUnavailable(
            f"there is no folder {model!r}, and a hub id is written owner/name, "
            "for example openai/clip-vit-base-patch32"
        )
    downloaded = _download(model, revision)
    return Checkout(downloaded, model, downloaded.name, _licence(downloaded))


def _download(model: str, revision: str | None) -> Path:
    """The snapshot's folder, which is named after its commit."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        listed = HfApi().list_repo_files(model, revision=revision)
        patterns = [*SMALL, *weight_files(model, listed)]
        return Path(snapshot_download(model, revision=revision, allow_patterns=patterns))
    except HfHubHTTPError as exc:
        status = getattr(exc.response, "status_code", "no status")
        raise SourceUnavailable(
            f"the hub does not give {model} at revision {revision or 'main'} (HTTP {status}): "
            "check the id, the revision, and HF_TOKEN if the model is gated"
        ) from exc
    except OSError as exc:  # requests' and httpx' connection errors, and a full disk
        raise SourceUnavailable(_unreachable(model, exc)) from exc
    except Exception as exc:
        if "httpx" not in type(exc).__module__:
            raise
        raise SourceUnavailable(_unreachable(model, exc)) from exc


def weight_files(model: str, listed: list[str]) -> list[str]:
    """Of each folder the weights in the first form that it has them in.

    A sentence model may hold its tower in one form and its dense layer in the other; what is
    there for other programs (onnx, openvino, flax) is left. Raises ExportError for none.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for name in listed:
        folder, _, file = name.rpartition("/")
        form = next((form for form, pattern in WEIGHTS.items() if fnmatch(file, pattern)), None)
        if form is not None:
            found.setdefault(folder, {}).setdefault(form, []).append(name)
    if not found:
        raise ExportError(f"{model} has no weights that transformers loads ({', '.join(WEIGHTS)})")
    return [
        name
        for forms in found.values()
        for name in next(forms[form] for form in WEIGHTS if form in forms)
    ]


def _unreachable(model: str, exc: Exception) -> str:
    return (
        f"the Hugging Face hub cannot be reached ({type(exc).__name__}). On a machine that "
        f"reaches it run `hf download {model} --local-dir weights`, copy the folder here, and "
        "say --model weights"
    )


def _licence(folder: Path) -> str:
    """From the front matter of the model card, when it says one."""
    card = folder / "README.md"
    if not card.is_file():
        return UNKNOWN
    _, _, rest = card.read_text(encoding="utf-8", errors="replace").partition("---\n")
    front, _, _ = rest.partition("\n---")
    said = (line for line in front.splitlines() if line.startswith("license:"))
    return next((line.partition(":")[2].strip() for line in said), "") or UNKNOWN
