"""Loads a sentence-transformers text tower that was trained for the space of a picture model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model_export.errors import ExportError
from model_export.layers import Linear
from model_export.loading import random_models
from model_export.loading.families import (
    build_model,
    load_pretrained,
    read_config,
    read_tokenization,
)
from model_export.loading.sentence_towers import read_bert_text, read_distilbert_text
from model_export.source import Feeds, Origin, TextSource, normalise_rows

if TYPE_CHECKING:
    from model_export.layers import Floats, TextTower
    from model_export.loading.checkout import Checkout


@dataclass(frozen=True, slots=True)
class SentenceFamily:
    model_class: str
    text: Callable[[Any, Any, Linear | None], TextTower]
    width: str
    """The name of the hidden size in the configuration."""


FAMILIES = {
    "distilbert": SentenceFamily("DistilBertModel", read_distilbert_text, "dim"),
    "bert": SentenceFamily("BertModel", read_bert_text, "hidden_size"),
}
USUAL_MAX_TOKENS = 128
"""For models that do not state a limit."""

SUPPORTED_MODULES = [
    ["Transformer", "Pooling", *dense, *normalize]
    for dense in ([], ["Dense"])
    for normalize in ([], ["Normalize"])
]


def load_text(checkout: Checkout, texts: Sequence[str]) -> TextSource:
    """Raises ExportError unless the model is a Transformer, mean pooling, and at most one Dense."""
    paths = _read_module_paths(checkout)
    _check_pooling(checkout, paths["Pooling"])
    dense = _read_dense(checkout, paths["Dense"]) if "Dense" in paths else None
    tower = replace(checkout, folder=checkout.folder / paths["Transformer"])
    family_name, family = _find_family(tower.read_json("config.json"))
    model, tokenizer = load_pretrained(tower, family.model_class)
    settings = {}
    if tower.has("sentence_bert_config.json"):
        settings = tower.read_json("sentence_bert_config.json")
    longest = min(
        settings.get("max_seq_length") or USUAL_MAX_TOKENS, model.config.max_position_embeddings
    )
    origin = Origin(checkout.name, family_name, checkout.revision, checkout.licence)
    source = _build_source(origin, family, model, (dense, tokenizer, texts, longest))
    if not settings.get("do_lower_case"):
        return source
    return replace(source, tokenization=replace(source.tokenization, lowercase=True))


def build_random_text(config_file: Path, dimension: int, texts: Sequence[str]) -> TextSource:
    """Returns a tower with random weights, whose vectors have this ``dimension``."""
    import transformers

    config = read_config(config_file)
    family_name, family = _find_family(config)
    model = build_model(getattr(transformers, family.model_class), config)
    random_models.randomise(model)
    draw = np.random.default_rng(random_models.SEED)
    shape = (getattr(model.config, family.width), dimension)
    dense = Linear(draw.normal(0, random_models.WEIGHT_STD, shape).astype(np.float32))
    tokenizer = random_models.make_wordpiece_tokenizer(model.config.vocab_size)
    origin = Origin(config_file.stem, family_name, "seeded random weights", "none", random=True)
    return _build_source(origin, family, model, (dense, tokenizer, texts, USUAL_MAX_TOKENS))


def _build_source(
    origin: Origin,
    family: SentenceFamily,
    model: Any,
    rest: tuple[Linear | None, Any, Sequence[str], int],
) -> TextSource:
    import torch

    model.eval()
    dense, tokenizer, texts, longest = rest

    def embed_with_torch(feeds: Feeds) -> Floats:
        mask = torch.from_numpy(feeds["attention_mask"])
        with torch.inference_mode():
            ids = torch.from_numpy(feeds["input_ids"])
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask[..., None].float()
            mean = (hidden * weights).sum(1) / weights.sum(1)
        rows = np.asarray(mean)
        if dense is not None:
            rows = rows @ dense.weight + (0 if dense.bias is None else dense.bias)
        return normalise_rows(rows)

    tokenization = read_tokenization(tokenizer, texts, longest, None)
    return TextSource(
        origin, family.text(model, model.config, dense), tokenization, embed_with_torch
    )


def _find_family(config: Any) -> tuple[str, SentenceFamily]:
    kind = config.get("model_type")
    if kind not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ExportError(f"--text-model: model_type {kind!r} is not supported; known: {known}")
    return kind, FAMILIES[kind]


def _read_module_paths(checkout: Checkout) -> dict[str, str]:
    """Returns the folder of each module. Raises ExportError for modules that no graph has."""
    if not checkout.has("modules.json"):
        raise ExportError(
            f"{checkout.name} has no modules.json: it is not a sentence-transformers model"
        )
    try:
        paths = {
            module["type"].rpartition(".")[2]: module["path"]
            for module in checkout.read_json("modules.json")
        }
    except (TypeError, KeyError, AttributeError) as exc:
        raise ExportError(f"modules.json of {checkout.name} names no modules") from exc
    if list(paths) not in SUPPORTED_MODULES:
        raise ExportError(
            f"{checkout.name}: modules {list(paths)}; supported are Transformer, Pooling, then at "
            "most one Dense, then at most Normalize"
        )
    return paths


def _check_pooling(checkout: Checkout, path: str) -> None:
    modes = checkout.read_json(f"{path}/config.json")
    chosen = [name for name, on in modes.items() if name.startswith("pooling_mode") and on is True]
    named = modes.get("pooling_mode")  # newer files name the mode
    if chosen != ["pooling_mode_mean_tokens"] and named != "mean":
        raise ExportError(f"{checkout.name}: only mean pooling is supported, not {chosen or named}")


def _read_dense(checkout: Checkout, path: str) -> Linear:
    kind = checkout.read_json(f"{path}/config.json").get("activation_function", "")
    if not kind.endswith("Identity"):
        raise ExportError(f"{checkout.name}: a Dense layer with {kind} is not supported")
    try:
        arrays = _read_arrays(checkout.folder / path)
        weight = np.ascontiguousarray(arrays["linear.weight"].T)
    except Exception as exc:  # each form of weights fails in its own way
        raise ExportError(
            f"{checkout.name}: the weights of its dense layer in {path} cannot be read ({exc}): "
            "copy the whole folder"
        ) from exc
    return Linear(weight, arrays.get("linear.bias"))


def _read_arrays(folder: Path) -> dict[str, Floats]:
    import torch
    from safetensors.numpy import load_file

    if (folder / "model.safetensors").is_file():
        return dict(load_file(folder / "model.safetensors"))
    state = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    return {key: value.float().numpy() for key, value in state.items()}
