"""Towers of CLIP and SigLIP, which name most of their weights alike."""

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
from model_export.loading.weights import Weights, check_activation

if TYPE_CHECKING:
    import torch

LEGACY_EOT = 2
"""CLIP configurations from before transformers 4.31 have the wrong eos_token_id 2; the library then
pools the token with the highest id (huggingface/transformers pull request 24773)."""


def read_clip_image(model: torch.nn.Module, config: Any) -> ImageTower:
    weights, facts = Weights.from_module(model), config.vision_config
    vision = weights.narrow("vision_model.")
    return ImageTower(
        size=(facts.image_size, facts.image_size),
        patch=facts.patch_size,
        patches=_read_patches(vision),
        class_token=vision.array("embeddings.class_embedding"),
        positions=vision.array("embeddings.position_embedding.weight"),
        before=vision.norm("pre_layrnorm", facts.layer_norm_eps),  # the library's spelling
        blocks=_read_blocks(vision, facts),
        after=vision.norm("post_layernorm", facts.layer_norm_eps),
        pool=None,
        projection=weights.linear("visual_projection"),
    )


def read_clip_text(model: torch.nn.Module, config: Any) -> TextTower:
    weights, facts = Weights.from_module(model), config.text_config
    text = weights.narrow("text_model.")
    return TextTower(
        tokens=text.array("embeddings.token_embedding.weight"),
        positions=text.array("embeddings.position_embedding.weight"),
        before=None,
        blocks=_read_blocks(text, facts),
        after=text.norm("final_layer_norm", facts.layer_norm_eps),
        pool="highest" if facts.eos_token_id == LEGACY_EOT else "eot",
        projection=weights.linear("text_projection"),
        causal=True,
        eot_id=facts.eos_token_id,
    )


def read_siglip_image(model: torch.nn.Module, config: Any) -> ImageTower:
    """Reads a tower without class token or projection: a probe attends to the patches."""
    facts = config.vision_config
    vision = Weights.from_module(model).narrow("vision_model.")
    return ImageTower(
        size=(facts.image_size, facts.image_size),
        patch=facts.patch_size,
        patches=_read_patches(vision),
        class_token=None,
        positions=vision.array("embeddings.position_embedding.weight"),
        before=None,
        blocks=_read_blocks(vision, facts),
        after=vision.norm("post_layernorm", facts.layer_norm_eps),
        pool=_read_attention_pool(vision.narrow("head."), facts),
        projection=None,
    )


def read_siglip_text(model: torch.nn.Module, config: Any) -> TextTower:
    """Reads a tower whose texts are padded to the full length, and need no mask."""
    facts = config.text_config
    text = Weights.from_module(model).narrow("text_model.")
    return TextTower(
        tokens=text.array("embeddings.token_embedding.weight"),
        positions=text.array("embeddings.position_embedding.weight"),
        before=None,
        blocks=_read_blocks(text, facts),
        after=text.norm("final_layer_norm", facts.layer_norm_eps),
        pool="last",
        projection=text.linear("head"),
    )


def _read_blocks(tower: Weights, facts: Any) -> tuple[Block, ...]:
    return tuple(
        _read_block(tower.narrow(f"encoder.layers.{number}."), facts)
        for number in range(facts.num_hidden_layers)
    )


def _read_block(weights: Weights, facts: Any) -> Block:
    names = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj")
    return Block(
        norm1=weights.norm("layer_norm1", facts.layer_norm_eps),
        attention=weights.attention(names, facts.num_attention_heads),
        norm2=weights.norm("layer_norm2", facts.layer_norm_eps),
        mlp=_read_mlp(weights.narrow("mlp."), facts),
    )


def _read_mlp(weights: Weights, facts: Any) -> Mlp:
    return Mlp(weights.linear("fc1"), weights.linear("fc2"), check_activation(facts.hidden_act))


def _read_patches(vision: Weights) -> Linear:
    """Returns one product per patch, since the stride of the convolution is its kernel size."""
    kernel = vision.array("embeddings.patch_embedding.weight")  # [width, 3, patch, patch]
    name = "embeddings.patch_embedding.bias"
    bias = vision.array(name) if vision.has(name) else None
    return Linear(np.ascontiguousarray(kernel.reshape(len(kernel), -1).T), bias)


def _read_attention_pool(head: Weights, facts: Any) -> AttentionPool:
    # torch's MultiheadAttention stores the three as one array
    weights = np.split(np.ascontiguousarray(head.array("attention.in_proj_weight").T), 3, axis=1)
    biases = np.split(head.array("attention.in_proj_bias"), 3)
    query, key, value = map(Linear, weights, biases)
    return AttentionPool(
        probe=head.array("probe"),
        attention=Attention(
            query, key, value, head.linear("attention.out_proj"), facts.num_attention_heads
        ),
        norm=head.norm("layernorm", facts.layer_norm_eps),
        mlp=_read_mlp(head.narrow("mlp."), facts),
    )
