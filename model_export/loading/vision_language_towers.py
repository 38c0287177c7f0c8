"""CLIP and SigLIP: both name their weights alike; what differs is said by each function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from model_export.layers import (
    Attention,
    AttentionPool,
    Block,
    ImageTower,
    Linear,
    Mlp,
    TextTower,
)
from model_export.loading.weights import Weights, activation

if TYPE_CHECKING:
    import torch

LEGACY_EOT = 2
"""CLIP configurations of before transformers 4.31 say eos_token_id 2, which is wrong; the
library then pools the highest id (huggingface/transformers pull request 24773)."""


def clip_image(model: torch.nn.Module, config: Any) -> ImageTower:
    weights, facts = Weights.of(model), config.vision_config
    vision = weights.under("vision_model.")
    return ImageTower(
        size=(facts.image_size, facts.image_size),
        patch=facts.patch_size,
        patches=_patches(vision),
        class_token=vision.array("embeddings.class_embedding"),
        positions=vision.array("embeddings.position_embedding.weight"),
        before=vision.norm("pre_layrnorm", facts.layer_norm_eps),  # the library's spelling
        blocks=_blocks(vision, facts),
        after=vision.norm("post_layernorm", facts.layer_norm_eps),
        pool=None,
        projection=weights.linear("visual_projection"),
    )


def clip_text(model: torch.nn.Module, config: Any) -> TextTower:
    weights, facts = Weights.of(model), config.text_config
    text = weights.under("text_model.")
    return TextTower(
        tokens=text.array("embeddings.token_embedding.weight"),
        positions=text.array("embeddings.position_embedding.weight"),
        before=None,
        blocks=_blocks(text, facts),
        after=text.norm("final_layer_norm", facts.layer_norm_eps),
        pool="highest" if facts.eos_token_id == LEGACY_EOT else "eot",
        projection=weights.linear("text_projection"),
        causal=True,
        eot_id=facts.eos_token_id,
    )


def siglip_image(model: torch.nn.Module, config: Any) -> ImageTower:
    """No class token and no projection: a probe attends to the patches."""
    facts = config.vision_config
    vision = Weights.of(model).under("vision_model.")
    return ImageTower(
        size=(facts.image_size, facts.image_size),
        patch=facts.patch_size,
        patches=_patches(vision),
        class_token=None,
        positions=vision.array("embeddings.position_embedding.weight"),
        before=None,
        blocks=_blocks(vision, facts),
        after=vision.norm("post_layernorm", facts.layer_norm_eps),
        pool=_probe(vision.under("head."), facts),
        projection=None,
    )


def siglip_text(model: torch.nn.Module, config: Any) -> TextTower:
    """Texts are padded to the full length and read without a mask, as the model was trained."""
    facts = config.text_config
    text = Weights.of(model).under("text_model.")
    return TextTower(
        tokens=text.array("embeddings.token_embedding.weight"),
        positions=text.array("embeddings.position_embedding.weight"),
        before=None,
        blocks=_blocks(text, facts),
        after=text.norm("final_layer_norm", facts.layer_norm_eps),
        pool="last",
        projection=text.linear("head"),
    )


def _blocks(tower: Weights, facts: Any) -> tuple[Block, ...]:
    return tuple(
        _block(tower.under(f"encoder.layers.{number}."), facts)
        for number in range(facts.num_hidden_layers)
    )


def _block(weights: Weights, facts: Any) -> Block:
    names = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj")
    return Block(
        norm1=weights.norm("layer_norm1", facts.layer_norm_eps),
        attention=weights.attention(names, facts.num_attention_heads),
        norm2=weights.norm("layer_norm2", facts.layer_norm_eps),
        mlp=_mlp(weights.under("mlp."), facts),
    )


def _mlp(weights: Weights, facts: Any) -> Mlp:
    return Mlp(weights.linear("fc1"), weights.linear("fc2"), activation(facts.hidden_act))


def _patches(vision: Weights) -> Linear:
    """A convolution whose stride is its kernel is one product per patch."""
    kernel = vision.array("embeddings.patch_embedding.weight")  # [width, 3, patch, patch]
    name = "embeddings.patch_embedding.bias"
    bias = vision.array(name) if vision.has(name) else None
    return Linear(np.ascontiguousarray(kernel.reshape(len(kernel), -1).T), bias)


def _probe(head: Weights, facts: Any) -> AttentionPool:
    # torch's MultiheadAttention keeps the three as one
    weights = np.split(np.ascontiguousarray(head.array("attention.in_proj_weight").T), 3, axis=1)
    biases = np.split(head.array("attention.in_proj_bias"), 3)
    query, key, value = map(Linear, weights, biases)
    return AttentionPool(
        probe=head.array("probe"),
        attention=Attention(
            query, key, value, head.linear("attention.out_proj"), facts.num_attention_heads
        ),
        norm=head.norm("layernorm", facts.layer_norm_eps),
        mlp=_mlp(head.under("mlp."), facts),
    )
