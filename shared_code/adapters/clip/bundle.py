"""A model bundle: its manifest as frozen dataclasses, its files checked before use.

Sizes are checked when the bundle is opened, which finds a half-copied one at once; a file's
SHA-256 when its tower is loaded, so that a text search does not pay for hashing the picture
tower. What is wrong is Misconfigured: it names the file and the remedy, and no path.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from shared_code.domain.errors import Misconfigured
from shared_code.domain.products import ModelInfo, Scale, Scales

FORMAT = 1
"""The manifest format this code reads. A change of meaning needs a new number."""

MANIFEST = "manifest.json"

DATA_SUFFIX = ".data"
"""``image.onnx.data`` holds the weights of ``image.onnx``; a small graph has none."""


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What the picture tower takes. ``resize`` brings a picture to ``size``:

    pad: the whole picture, centred on ``pad_color`` · crop: the middle, filling the frame ·
    squash: the whole picture, its aspect given up.
    """

    file: str
    input: str
    output: str
    size: tuple[int, int]
    """Height, width."""
    resize: Literal["pad", "crop", "squash"]
    interpolation: Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    pad_color: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class TextInputs:
    """Names of the text tower's inputs; a model without a mask has none."""

    ids: str
    mask: str | None = None


@dataclass(frozen=True, slots=True)
class TextSpec:
    file: str
    inputs: TextInputs
    output: str
    tokenizer: str
    max_tokens: int
    """Including the special tokens that the tokenizer adds."""
    pad_id: int
    pad_to: int | None = None
    """Every text is padded to this many tokens; None: to the longest of its batch."""
    unk_id: int | None = None
    """None: the tokenizer can spell any text, so no token stands for an unknown one."""
    lowercase: bool = False


@dataclass(frozen=True, slots=True)
class FileSpec:
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Usual cosines, measured at export: of a text and its picture, of what has nothing to do
    with each other. An export without captions, or of an earlier version, knows fewer."""

    unrelated: float | None = None
    match: float | None = None
    unrelated_texts: float | None = None
    unrelated_images: float | None = None

    @property
    def scales(self) -> Scales:
        known = self.unrelated is not None and self.match is not None
        across = Scale(self.unrelated or 0.0, self.match or 0.0) if known else None
        return Scales(across, _halfway(self.unrelated_texts), _halfway(self.unrelated_images))


def _halfway(unrelated: float | None) -> Scale | None:
    """Of one kind with itself, a match lies halfway between unrelated and the same."""
    return None if unrelated is None else Scale(unrelated, (1 + unrelated) / 2)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the app reads of ``manifest.json``; further fields are for people."""

    format: int
    name: str
    precision: str
    dimension: int
    image: ImageSpec
    text: TextSpec
    files: dict[str, FileSpec]
    random_weights: bool = False
    scores: Scores = Scores()


@dataclass(frozen=True, slots=True)
class Bundle:
    folder: Path
    manifest: Manifest

    @property
    def model(self) -> ModelInfo:
        facts = self.manifest
        return ModelInfo(
            facts.name,
            facts.precision,
            facts.dimension,
            self.fingerprint,
            facts.random_weights,
            facts.scores.scales,
        )

    @property
    def fingerprint(self) -> str:
        """12 hexadecimal digits of a SHA-256 over all that makes a vector what it is: the
        files, and the facts by which pictures and words are brought to them."""
        facts = self.manifest
        hashes = {file: spec.sha256 for file, spec in facts.files.items()}
        made_of = msgspec.json.encode([facts.image, facts.text, hashes], order="deterministic")
        return hashlib.sha256(made_of).hexdigest()[:12]

    def verified(self, file: str) -> Path:
        """The file's path, once its content is the one the manifest names; of a graph also the
        content of the file that holds its weights."""
        if file + DATA_SUFFIX in self.manifest.files:
            self._verify(file + DATA_SUFFIX)
        return self._verify(file)

    def _verify(self, file: str) -> Path:
        path = self.folder / file
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as exc:
            raise _wrong(self.folder, f"{file} cannot be read: copy the bundle again") from exc
        if digest != self.manifest.files[file].sha256:
            raise _wrong(self.folder, f"the SHA-256 of {file} is not the manifest's: {_AGAIN}")
        return path


_AGAIN = "copy the whole bundle again, or export it again with model_export"


def load_bundle(folder: Path) -> Bundle:
    """Opens a bundle. Raises Misconfigured unless it is complete and of a known format."""
    if not folder.is_dir():
        raise _wrong(folder, "there is no such folder; set MODEL_DIR to a model bundle")
    bundle = Bundle(folder, _manifest(folder))
    problems = _problems(bundle.manifest)
    if problems:
        raise _wrong(folder, f"{MANIFEST}: " + "; ".join(problems))
    for file, spec in bundle.manifest.files.items():
        _check_size(folder, file, spec.bytes)
        if (folder / (file + DATA_SUFFIX)).exists() and file + DATA_SUFFIX not in (
            bundle.manifest.files
        ):
            raise _wrong(folder, f"{MANIFEST} does not list {file + DATA_SUFFIX}: {_AGAIN}")
    return bundle


def _manifest(folder: Path) -> Manifest:
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as exc:
        raise _wrong(folder, f"{MANIFEST} is missing: set MODEL_DIR to a model bundle") from exc
    try:
        known = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        format_number = msgspec.json.decode(known.get("format", b"null"))
        if format_number != FORMAT:
            raise _wrong(folder, f"{MANIFEST} has format {format_number}; this app reads {FORMAT}")
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as exc:
        raise _wrong(folder, f"{MANIFEST} cannot be read: {exc}") from exc


def _problems(manifest: Manifest) -> list[str]:
    """What types cannot say."""
    image, text = manifest.image, manifest.text
    checks = {
        "dimension must be positive": manifest.dimension > 0,
        "image.size must be positive": min(image.size) > 0,
        "image.std must be positive": min(image.std) > 0,
        "image.pad_color is needed to pad": image.resize != "pad" or image.pad_color is not None,
        "text.max_tokens must leave room for a word": text.max_tokens > 2,
        "text.pad_id must not be negative": text.pad_id >= 0,
        "text.pad_to must be at least text.max_tokens": (
            text.pad_to is None or text.pad_to >= text.max_tokens
        ),
    }
    problems = [problem for problem, fine in checks.items() if not fine]
    needed = (image.file, text.file, text.tokenizer)
    return problems + [f"files does not list {f}" for f in needed if f not in manifest.files]


def _check_size(folder: Path, file: str, expected: int) -> None:
    try:
        found = (folder / file).stat().st_size
    except OSError as exc:
        raise _wrong(folder, f"{file} is missing: {_AGAIN}") from exc
    if found != expected:
        raise _wrong(folder, f"{file} has {found} bytes, not {expected}: {_AGAIN}")


def _wrong(folder: Path, problem: str) -> Misconfigured:
    # the folder's name only: a detail reaches callers, and paths must not
    return Misconfigured(f"Model bundle {folder.name!r}: {problem}")
