"""Loads a CLIP or SigLIP model: towers, tokenizer, preprocessing, and the torch model itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_export.errors import ExportError
from model_export.loading import random_models
from model_export.loading.preprocessing import CLIP, SIGLIP, read_preprocessing
from model_export.loading.tokenizer_json import convert_tokenizer
from model_export.loading.vision_language_towers import (
    read_clip_image,
    read_clip_text,
    read_siglip_image,
    read_siglip_text,
)
from model_export.source import Feeds, ImageSource, Origin, TextSource, Tokenization, normalise_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_export.layers import Floats, ImageTower, TextTower
    from model_export.loading.checkout import Checkout
    from model_export.source import Preprocessing


@dataclass(frozen=True, slots=True)
class Family:
    """Two towers in one transformers model."""

    model_class: str
    image: Callable[[Any, Any], ImageTower]
    text: Callable[[Any, Any], TextTower]
    preprocessing: Preprocessing
    """For random models; a checkpoint has its own."""
    random_tokenizer: Callable[[int], Any]
    full_length: bool
    """Texts are always padded to the token limit and read without a mask, as in training."""


FAMILIES = {
    "clip": Family(
        "CLIPModel", read_clip_image, read_clip_text, CLIP, random_models.make_clip_tokenizer, False
    ),
    "siglip": Family(
        "SiglipModel",
        read_siglip_image,
        read_siglip_text,
        SIGLIP,
        random_models.make_unigram_tokenizer,
        True,
    ),
}
"""By ``model_type`` of the configuration. SigLIP 2 checkpoints of a fixed size are "siglip" too."""


def load(checkout: Checkout, texts: Sequence[str]) -> tuple[ImageSource, TextSource]:
    """Returns both towers with their weights. Raises ExportError if they cannot be exported.

    The tokenizer has to give the same ids as transformers' own for all of these ``texts``.
    """
    family_name, family = _find_family(checkout.read_json("config.json"))
    origin = Origin(checkout.name, family_name, checkout.revision, checkout.licence)
    model, tokenizer = load_pretrained(checkout, family.model_class)
    size = model.config.vision_config.image_size
    return _build_sources(
        origin, family, model, (read_preprocessing(checkout, size), tokenizer, texts)
    )


def load_pretrained(checkout: Checkout, model_class: str) -> tuple[Any, Any]:
    """Returns model and tokenizer as transformers loads them.

    Raises ExportError for files that it cannot load, and for missing weights, which transformers
    would only warn of and fill in at random.
    """
    import torch
    import transformers

    _check_tokenizer_files(checkout)
    try:
        model, loaded = getattr(transformers, model_class).from_pretrained(
            checkout.folder, output_loading_info=True, dtype=torch.float32
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(checkout.folder)
    except Exception as exc:  # each form of weights and of tokenizers fails in its own way
        raise ExportError(f"transformers cannot load {checkout.name}: {exc}") from exc
    missing = sorted(name for name in loaded["missing_keys"] if "pooler" not in name)
    if missing:
        raise ExportError(
            f"{checkout.name} has no weights for {missing[0]} and {len(missing) - 1} more: the "
            "files are incomplete or belong to another model; download them again"
        )
    return model, tokenizer


def _check_tokenizer_files(checkout: Checkout) -> None:
    """Raises ExportError if there is no tokenizer: transformers would use an empty vocabulary."""
    single_files = ("tokenizer.json", "vocab.txt", "spiece.model", "tokenizer.model")
    has_pair = checkout.has("vocab.json") and checkout.has("merges.txt")
    if not has_pair and not any(checkout.has(file) for file in single_files):
        raise ExportError(
            f"{checkout.name} has no tokenizer ({', '.join(single_files)}, or vocab.json and "
            "merges.txt): copy the whole folder"
        )


def build_random(config_file: Path, texts: Sequence[str]) -> tuple[ImageSource, TextSource]:
    """Returns both towers of a configuration, with seeded random weights."""
    import transformers

    config = read_config(config_file)
    family_name, family = _find_family(config)
    origin = Origin(config_file.stem, family_name, "seeded random weights", "none", random=True)
    model = build_model(getattr(transformers, family.model_class), config)
    random_models.randomise(model)
    tokenizer = family.random_tokenizer(model.config.text_config.vocab_size)
    return _build_sources(origin, family, model, (family.preprocessing, tokenizer, texts))


def build_model(model_class: Any, config: dict[str, Any]) -> Any:
    """Returns a model of this configuration. Raises ExportError if transformers refuses it."""
    try:
        return model_class(model_class.config_class(**config))
    except Exception as exc:  # transformers' own checks, and torch's
        raise ExportError(f"transformers refuses the configuration: {exc}") from exc


def read_config(file: Path) -> dict[str, Any]:
    from model_export.loading.checkout import Checkout

    if not file.is_file():
        raise ExportError(f"there is no configuration {file}")
    config = Checkout(file.parent, str(file), "", "").read_json(file.name)
    if not isinstance(config, dict):
        raise ExportError(f"{file} is not a configuration: it should be a JSON object")
    return config


def _find_family(config: Any) -> tuple[str, Family]:
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ExportError(
            f"model_type {kind!r} is not supported; known: {known}. (SigLIP 2 models of no fixed "
            "size, whose name ends in naflex, are not; those of a fixed size are.)"
        )
    return kind, FAMILIES[kind]


def _build_sources(
    origin: Origin, family: Family, model: Any, rest: tuple[Preprocessing, Any, Sequence[str]]
) -> tuple[ImageSource, TextSource]:
    import torch

    model.eval()
    facts, tokenizer, texts = rest

    def embed_images(feeds: Feeds) -> Floats:
        with torch.inference_mode():
            output = model.get_image_features(pixel_values=torch.from_numpy(feeds["pixel_values"]))
            return normalise_rows(output.pooler_output)

    def embed_texts(feeds: Feeds) -> Floats:
        with torch.inference_mode():
            output = model.get_text_features(input_ids=torch.from_numpy(feeds["input_ids"]))
            return normalise_rows(output.pooler_output)

    longest = model.config.text_config.max_position_embeddings
    tokenization = read_tokenization(
        tokenizer, texts, longest, longest if family.full_length else None
    )
    return (
        ImageSource(origin, family.image(model, model.config), facts, embed_images),
        TextSource(origin, family.text(model, model.config), tokenization, embed_texts),
    )


def read_tokenization(
    tokenizer: Any, texts: Sequence[str], max_tokens: int, pad_to: int | None
) -> Tokenization:
    content, lowercase = convert_tokenizer(tokenizer, texts)
    pad_id = tokenizer.pad_token_id
    has_no_unknown = '"ByteLevel"' in content or '"byte_fallback":true' in content.replace(" ", "")
    return Tokenization(
        content=content,
        max_tokens=max_tokens,
        pad_id=0 if pad_id is None else pad_id,
        pad_to=pad_to,
        unk_id=None if has_no_unknown else tokenizer.unk_token_id,
        lowercase=lowercase,
    )
