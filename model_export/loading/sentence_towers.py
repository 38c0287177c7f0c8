"""Towers of sentence encoders: DistilBERT or BERT, a mean over tokens, perhaps a dense layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model_export.layers import Block, Linear, Mlp, TextTower
from model_export.loading.weights import Weights, check_activation

if TYPE_CHECKING:
    import torch


def read_distilbert_text(model: torch.nn.Module, config: Any, dense: Linear | None) -> TextTower:
    """``dense`` maps the mean into the space of the pictures; None: it is in that space already."""
    weights = Weights.from_module(model)
    return TextTower(
        tokens=weights.array("embeddings.word_embeddings.weight"),
        positions=weights.array("embeddings.position_embeddings.weight"),
        before=weights.norm("embeddings.LayerNorm", 1e-12),  # fixed in the library
        blocks=tuple(
            _read_distilbert_block(weights.narrow(f"transformer.layer.{number}."), config)
            for number in range(config.n_layers)
        ),
        after=None,
        pool="mean",
        projection=dense,
        masked=True,
    )


def read_bert_text(model: torch.nn.Module, config: Any, dense: Linear | None) -> TextTower:
    """``dense`` maps the mean into the space of the pictures; None: it is in that space already."""
    weights = Weights.from_module(model)
    embeddings = weights.narrow("embeddings.")
    one_segment = embeddings.array("token_type_embeddings.weight")[0]
    return TextTower(
        tokens=embeddings.array("word_embeddings.weight"),
        positions=embeddings.array("position_embeddings.weight") + one_segment,
        before=embeddings.norm("LayerNorm", config.layer_norm_eps),
        blocks=tuple(
            _read_bert_block(weights.narrow(f"encoder.layer.{number}."), config)
            for number in range(config.num_hidden_layers)
        ),
        after=None,
        pool="mean",
        projection=dense,
        masked=True,
    )


def _read_distilbert_block(weights: Weights, config: Any) -> Block:
    names = ("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin")
    return Block(
        norm1=weights.norm("sa_layer_norm", 1e-12),
        attention=weights.attention(names, config.n_heads),
        norm2=weights.norm("output_layer_norm", 1e-12),
        mlp=Mlp(
            weights.linear("ffn.lin1"),
            weights.linear("ffn.lin2"),
            check_activation(config.activation),
        ),
        norm_first=False,
    )


def _read_bert_block(weights: Weights, config: Any) -> Block:
    names = (
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
    )
    return Block(
        norm1=weights.norm("attention.output.LayerNorm", config.layer_norm_eps),
        attention=weights.attention(names, config.num_attention_heads),
        norm2=weights.norm("output.LayerNorm", config.layer_norm_eps),
        mlp=Mlp(
            weights.linear("intermediate.dense"),
            weights.linear("output.dense"),
            check_activation(config.hidden_act),
        ),
        norm_first=False,
    )
