"""Loads a sentence-transformers text tower that was taught a picture model's space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model_export import made_up
from model_export.errors import ExportError
from model_export.families import pretrained, read_config, tokenized
from model_export.layers import Linear
from model_export.source import Feeds, Origin, TextSource, unit
from model_export.towers.sentence import bert_text, distilbert_text

if TYPE_CHECKING:
    from model_export.files import Checkout
    from model_export.layers import Floats, TextTower


@dataclass(frozen=True, slots=True)
class SentenceFamily:
    model_class: str
    text: Callable[[Any, Any, Linear | None], TextTower]
    width: str
    """The configuration's name of the hidden size."""


FAMILIES = {
    "distilbert": SentenceFamily("DistilBertModel", distilbert_text, "dim"),
    "bert": SentenceFamily("BertModel", bert_text, "hidden_size"),
}
RANDOM_MAX_TOKENS = 128


def load_text(checkout: Checkout, texts: Sequence[str]) -> TextSource:
    """Raises ExportError unless it is Transformer, mean pooling, and at most a plain Dense."""
    _check_modules(checkout)
    family_name, family = _family(checkout.json("config.json"))
    _check_pooling(checkout)
    model, tokenizer = pretrained(checkout, family.model_class)
    longest = 128
    if checkout.has("sentence_bert_config.json"):
        longest = checkout.json("sentence_bert_config.json").get("max_seq_length") or longest
    origin = Origin(checkout.name, family_name, checkout.revision, checkout.licence)
    return _source(origin, family, model, (_dense(checkout), tokenizer, texts, longest))


def random_text(config_file: Path, dimension: int, texts: Sequence[str]) -> TextSource:
    """A random tower into a space of ``dimension``."""
    import transformers

    config = read_config(config_file)
    family_name, family = _family(config)
    model_class = getattr(transformers, family.model_class)
    model = model_class(model_class.config_class(**config))
    made_up.randomise(model)
    draw = np.random.default_rng(made_up.SEED)
    shape = (getattr(model.config, family.width), dimension)
    dense = Linear(draw.normal(0, made_up.WEIGHT_STD, shape).astype(np.float32))
    tokenizer = made_up.wordpiece_tokenizer(model.config.vocab_size)
    origin = Origin(config_file.stem, family_name, "seeded random weights", "none", random=True)
    return _source(origin, family, model, (dense, tokenizer, texts, RANDOM_MAX_TOKENS))


def _source(
    origin: Origin,
    family: SentenceFamily,
    model: Any,
    rest: tuple[Linear | None, Any, Sequence[str], int],
) -> TextSource:
    import torch

    model.eval()
    dense, tokenizer, texts, longest = rest

    def vectors(feeds: Feeds) -> Floats:
        mask = torch.from_numpy(feeds["attention_mask"])
        with torch.inference_mode():
            ids = torch.from_numpy(feeds["input_ids"])
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask[..., None].float()
            mean = (hidden * weights).sum(1) / weights.sum(1)
        rows = np.asarray(mean)
        if dense is not None:
            rows = rows @ dense.weight + (0 if dense.bias is None else dense.bias)
        return unit(rows)

    tokenization = tokenized(tokenizer, texts, longest, None)
    return TextSource(origin, family.text(model, model.config, dense), tokenization, vectors)


def _family(config: Any) -> tuple[str, SentenceFamily]:
    kind = config.get("model_type")
    if kind not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ExportError(f"--text-model: model_type {kind!r} is not supported; known: {known}")
    return kind, FAMILIES[kind]


def _check_modules(checkout: Checkout) -> None:
    if not checkout.has("modules.json"):
        raise ExportError(
            f"{checkout.name} has no modules.json: it is no sentence-transformers model"
        )
    kinds = [module["type"].rpartition(".")[2] for module in checkout.json("modules.json")]
    allowed = {"Transformer", "Pooling", "Dense", "Normalize"}
    if set(kinds) - allowed or kinds.count("Dense") > 1:
        raise ExportError(
            f"{checkout.name}: modules {kinds}; supported: {sorted(allowed)}, one Dense"
        )


def _check_pooling(checkout: Checkout) -> None:
    modes = checkout.json("1_Pooling/config.json")
    chosen = [name for name, on in modes.items() if name.startswith("pooling_mode") and on is True]
    named = modes.get("pooling_mode")  # newer files name the mode
    if chosen != ["pooling_mode_mean_tokens"] and named != "mean":
        raise ExportError(f"{checkout.name}: only mean pooling is supported, not {chosen or named}")


def _dense(checkout: Checkout) -> Linear | None:
    if not checkout.has("2_Dense/config.json"):
        return None
    kind = checkout.json("2_Dense/config.json").get("activation_function", "")
    if not kind.endswith("Identity"):
        raise ExportError(f"{checkout.name}: a Dense layer with {kind} is not supported")
    arrays = _arrays(checkout.folder / "2_Dense", checkout.name)
    return Linear(np.ascontiguousarray(arrays["linear.weight"].T), arrays.get("linear.bias"))


def _arrays(folder: Path, name: str) -> dict[str, Floats]:
    import torch
    from safetensors.numpy import load_file

    if (folder / "model.safetensors").is_file():
        return dict(load_file(folder / "model.safetensors"))
    if not (folder / "pytorch_model.bin").is_file():
        raise ExportError(f"{name} has no weights in {folder.name}: copy the whole folder")
    state = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    return {key: value.float().numpy() for key, value in state.items()}
