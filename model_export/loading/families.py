"""Loads a model of a known family: towers, tokenizer, preprocessing, and torch to compare with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_export.errors import ExportError
from model_export.loading import random_models
from model_export.loading.preprocessing import CLIP, SIGLIP, preprocessing
from model_export.loading.tokenizer_json import tokenizer_json
from model_export.loading.vision_language_towers import (
    clip_image,
    clip_text,
    siglip_image,
    siglip_text,
)
from model_export.source import Feeds, ImageSource, Origin, TextSource, Tokenization, unit

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
    """Of a random model; a real one brings its own."""
    random_tokenizer: Callable[[int], Any]
    full_length: bool
    """Texts are always padded to the longest, as in training, and read without a mask."""


FAMILIES = {
    "clip": Family("CLIPModel", clip_image, clip_text, CLIP, random_models.clip_tokenizer, False),
    "siglip": Family(
        "SiglipModel", siglip_image, siglip_text, SIGLIP, random_models.unigram_tokenizer, True
    ),
}
"""By ``model_type`` of the configuration. SigLIP 2 checkpoints of a fixed size are "siglip" too."""


def load(checkout: Checkout, texts: Sequence[str]) -> tuple[ImageSource, TextSource]:
    """Both towers with their weights. Raises ExportError for what cannot be exported.

    ``texts``: on these, too, the tokenizer must agree with transformers' own.
    """
    family_name, family = _family(checkout.json("config.json"))
    origin = Origin(checkout.name, family_name, checkout.revision, checkout.licence)
    model, tokenizer = pretrained(checkout, family.model_class)
    size = model.config.vision_config.image_size
    return _sources(origin, family, model, (preprocessing(checkout, size), tokenizer, texts))


def pretrained(checkout: Checkout, model_class: str) -> tuple[Any, Any]:
    """Model and tokenizer as transformers loads them.

    Raises ExportError for files that it cannot load, and for weights that are not there:
    transformers would fill them in at random and only warn.
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
            f"{checkout.name} has no weights for {missing[0]} and {len(missing) - 1} more: they "
            "are of another model or not whole; download them again"
        )
    return model, tokenizer


def _check_tokenizer_files(checkout: Checkout) -> None:
    """transformers makes up an empty vocabulary where there is none, and says nothing."""
    alone = ("tokenizer.json", "vocab.txt", "spiece.model", "tokenizer.model")
    in_two = checkout.has("vocab.json") and checkout.has("merges.txt")
    if not in_two and not any(checkout.has(file) for file in alone):
        raise ExportError(
            f"{checkout.name} has no tokenizer ({', '.join(alone)}, or vocab.json and merges.txt): "
            "copy the whole folder"
        )


def random(config_file: Path, texts: Sequence[str]) -> tuple[ImageSource, TextSource]:
    """Both towers of a configuration with seeded random weights."""
    import transformers

    config = read_config(config_file)
    family_name, family = _family(config)
    origin = Origin(config_file.stem, family_name, "seeded random weights", "none", random=True)
    model = configured(getattr(transformers, family.model_class), config)
    random_models.randomise(model)
    tokenizer = family.random_tokenizer(model.config.text_config.vocab_size)
    return _sources(origin, family, model, (family.preprocessing, tokenizer, texts))


def configured(model_class: Any, config: dict[str, Any]) -> Any:
    """A model of this configuration. Raises ExportError for one that transformers refuses."""
    try:
        return model_class(model_class.config_class(**config))
    except Exception as exc:  # transformers' own checks, and torch's
        raise ExportError(f"transformers refuses the configuration: {exc}") from exc


def read_config(file: Path) -> dict[str, Any]:
    from model_export.loading.checkout import Checkout

    if not file.is_file():
        raise ExportError(f"there is no configuration {file}")
    config = Checkout(file.parent, str(file), "", "").json(file.name)
    if not isinstance(config, dict):
        raise ExportError(f"{file} is no configuration: a JSON object is expected")
    return config


def _family(config: Any) -> tuple[str, Family]:
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ExportError(
            f"model_type {kind!r} is not supported; known: {known}. (SigLIP 2 models of no fixed "
            "size, whose name ends in naflex, are not; those of a fixed size are.)"
        )
    return kind, FAMILIES[kind]


def _sources(
    origin: Origin, family: Family, model: Any, rest: tuple[Preprocessing, Any, Sequence[str]]
) -> tuple[ImageSource, TextSource]:
    import torch

    model.eval()
    facts, tokenizer, texts = rest

    def image_vectors(feeds: Feeds) -> Floats:
        with torch.inference_mode():
            answer = model.get_image_features(pixel_values=torch.from_numpy(feeds["pixel_values"]))
            return unit(answer.pooler_output)

    def text_vectors(feeds: Feeds) -> Floats:
        with torch.inference_mode():
            answer = model.get_text_features(input_ids=torch.from_numpy(feeds["input_ids"]))
            return unit(answer.pooler_output)

    longest = model.config.text_config.max_position_embeddings
    tokenization = tokenized(tokenizer, texts, longest, longest if family.full_length else None)
    return (
        ImageSource(origin, family.image(model, model.config), facts, image_vectors),
        TextSource(origin, family.text(model, model.config), tokenization, text_vectors),
    )


def tokenized(
    tokenizer: Any, texts: Sequence[str], max_tokens: int, pad_to: int | None
) -> Tokenization:
    content, lowercase = tokenizer_json(tokenizer, texts)
    pad_id = tokenizer.pad_token_id
    spells_all = '"ByteLevel"' in content or '"byte_fallback":true' in content.replace(" ", "")
    return Tokenization(
        content=content,
        max_tokens=max_tokens,
        pad_id=0 if pad_id is None else pad_id,
        pad_to=pad_to,
        unk_id=None if spells_all else tokenizer.unk_token_id,
        lowercase=lowercase,
    )
