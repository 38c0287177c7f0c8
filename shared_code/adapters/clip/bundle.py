"""A model bundle: its manifest as frozen dataclasses, its files checked before use.

Sizes are checked when the bundle is opened, which detects a half-copied one at once; a file's
SHA-256 is checked when its tower is loaded, so that a text search does not pay for hashing the
image tower. Problems are Misconfigured: the message names the file and the remedy, but no path.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from shared_code.domain.errors import Misconfigured
from shared_code.domain.products import ModelInfo, ScoreCalibration, ScoreCalibrations

FORMAT = 1
"""The manifest format this code reads. A change of meaning needs a new number."""

MANIFEST = "manifest.json"

DATA_SUFFIX = ".data"
"""``image.onnx.data`` holds the weights of ``image.onnx``; a small graph has none."""


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """The image tower's input. ``resize`` says how a picture is brought to ``size``:

    pad: the whole picture, centred on ``pad_color`` · crop: the middle, filling the frame ·
    squash: the whole picture, without its aspect ratio.
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
    """Names of the text tower's inputs; some models have no mask."""

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
    """None: the tokenizer can spell any text, so it has no token for an unknown word."""
    lowercase: bool = False


@dataclass(frozen=True, slots=True)
class FileSpec:
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ExpectedCosines:
    """Typical cosines, measured at export: of a text and its picture (a match), and of unrelated
    pairs. An export without captions, or by an earlier version, has fewer."""

    unrelated: float | None = None
    match: float | None = None
    unrelated_texts: float | None = None
    unrelated_images: float | None = None

    @property
    def scales(self) -> ScoreCalibrations:
        is_known = self.unrelated is not None and self.match is not None
        across = ScoreCalibration(self.unrelated or 0.0, self.match or 0.0) if is_known else None
        return ScoreCalibrations(
            across,
            _scale_within_kind(self.unrelated_texts),
            _scale_within_kind(self.unrelated_images),
        )


def _scale_within_kind(unrelated: float | None) -> ScoreCalibration | None:
    """Two texts, or two pictures: a match is expected halfway between unrelated and identical."""
    return None if unrelated is None else ScoreCalibration(unrelated, (1 + unrelated) / 2)


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """The fields of ``manifest.json`` that the app reads; further ones are for people."""

    format: int
    name: str
    precision: str
    dimension: int
    image: ImageSpec
    text: TextSpec
    files: dict[str, FileSpec]
    random_weights: bool = False
    scores: ExpectedCosines = ExpectedCosines()


@dataclass(frozen=True, slots=True)
class Bundle:
    folder: Path
    manifest: BundleManifest

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
        """12 hexadecimal digits of a SHA-256 over everything that determines a vector: the files,
        and how pictures and texts are prepared for them."""
        facts = self.manifest
        hashes = {file: spec.sha256 for file, spec in facts.files.items()}
        ingredients = msgspec.json.encode([facts.image, facts.text, hashes], order="deterministic")
        return hashlib.sha256(ingredients).hexdigest()[:12]

    def verify_file(self, file: str) -> Path:
        """Returns the file's path after checking its SHA-256, and for a graph also that of the file
        with its weights. Raises Misconfigured."""
        if file + DATA_SUFFIX in self.manifest.files:
            self._verify_hash(file + DATA_SUFFIX)
        return self._verify_hash(file)

    def _verify_hash(self, file: str) -> Path:
        path = self.folder / file
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as exc:
            raise _bundle_error(
                self.folder, f"{file} cannot be read: copy the bundle again"
            ) from exc
        if digest != self.manifest.files[file].sha256:
            raise _bundle_error(
                self.folder, f"the SHA-256 of {file} is not the manifest's: {_REMEDY}"
            )
        return path


_REMEDY = "copy the whole bundle again, or export it again with model_export"


def load_bundle(folder: Path) -> Bundle:
    """Opens a bundle. Raises Misconfigured unless it is complete and of a known format."""
    if not folder.is_dir():
        raise _bundle_error(folder, "there is no such folder; set MODEL_DIR to a model bundle")
    bundle = Bundle(folder, _read_manifest(folder))
    problems = _find_problems(bundle.manifest)
    if problems:
        raise _bundle_error(folder, f"{MANIFEST}: " + "; ".join(problems))
    for file, spec in bundle.manifest.files.items():
        _check_size(folder, file, spec.bytes)
        if (folder / (file + DATA_SUFFIX)).exists() and file + DATA_SUFFIX not in (
            bundle.manifest.files
        ):
            raise _bundle_error(folder, f"{MANIFEST} does not list {file + DATA_SUFFIX}: {_REMEDY}")
    return bundle


def _read_manifest(folder: Path) -> BundleManifest:
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as exc:
        raise _bundle_error(
            folder, f"{MANIFEST} is missing: set MODEL_DIR to a model bundle"
        ) from exc
    try:
        fields = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        format_number = msgspec.json.decode(fields.get("format", b"null"))
        if format_number != FORMAT:
            raise _bundle_error(
                folder, f"{MANIFEST} has format {format_number}; this app reads {FORMAT}"
            )
        return msgspec.json.decode(content, type=BundleManifest)
    except msgspec.MsgspecError as exc:
        raise _bundle_error(folder, f"{MANIFEST} cannot be read: {exc}") from exc


def _find_problems(manifest: BundleManifest) -> list[str]:
    """Checks what the types of the fields cannot express."""
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
    problems = [problem for problem, is_met in checks.items() if not is_met]
    needed = (image.file, text.file, text.tokenizer)
    return problems + [f"files does not list {f}" for f in needed if f not in manifest.files]


def _check_size(folder: Path, file: str, expected: int) -> None:
    try:
        size = (folder / file).stat().st_size
    except OSError as exc:
        raise _bundle_error(folder, f"{file} is missing: {_REMEDY}") from exc
    if size != expected:
        raise _bundle_error(folder, f"{file} has {size} bytes, not {expected}: {_REMEDY}")


def _bundle_error(folder: Path, problem: str) -> Misconfigured:
    # the folder's name only: this text reaches callers, and paths must not
    return Misconfigured(f"Model bundle {folder.name!r}: {problem}")
