"""SmoothQuant: scales outliers in activations down, and the weights they are multiplied with up.

The product stays the same, but activations, which are quantised per tensor, get a smaller range.
The layer before does the division where there is one: the norm before qkv and up, the value rows
before out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from model_export.layers import Attention, Block, Floats, ImageTower, Linear, Norm, TextTower

if TYPE_CHECKING:
    from model_export.recipes import Recipe

Ranges = Mapping[str, Floats]
"""``block<i>.<role>`` -> the largest absolute input seen, per channel."""

T = TypeVar("T", bound=ImageTower | TextTower)


def smooth_tower(tower: T, ranges: Ranges, recipe: Recipe) -> T:
    """Returns a tower with the same outputs, and smaller ranges where products become int8."""
    alpha, ends = recipe.smooth, recipe.float_ends
    if alpha is None:
        return tower
    blocks = list(tower.blocks)
    for number in range(ends, len(blocks) - ends):
        smooth = _smooth_block(blocks[number], f"block{number}.", ranges, alpha)
        if "down" not in recipe.int8:  # a float product gains nothing from the division
            smooth = replace(smooth, mlp=replace(smooth.mlp, down=blocks[number].mlp.down))
        blocks[number] = smooth
    return replace(tower, blocks=tuple(blocks))


def _smooth_block(block: Block, prefix: str, ranges: Ranges, alpha: float) -> Block:
    attention, mlp = block.attention, block.mlp
    into_qkv = _compute_scales(ranges[prefix + "qkv"], attention.join_qkv().weight, alpha)
    into_up = _compute_scales(ranges[prefix + "up"], mlp.up.weight, alpha)
    into_down = _compute_scales(ranges[prefix + "down"], mlp.down.weight, alpha)
    attention = _smooth_out(attention, ranges[prefix + "out"], alpha)
    attention = replace(
        attention,
        query=_scale_inputs(attention.query, into_qkv),
        key=_scale_inputs(attention.key, into_qkv),
        value=_scale_inputs(attention.value, into_qkv),
    )
    mlp = replace(mlp, up=_scale_inputs(mlp.up, into_up), down=_scale_inputs(mlp.down, into_down))
    block = replace(block, attention=attention, mlp=mlp)
    return _fold_into_norms(block, into_qkv, into_up) if block.norm_first else block


def _fold_into_norms(block: Block, into_qkv: Floats, into_up: Floats) -> Block:
    """Lets the norms do the divisions before qkv and up, since nothing else reads their outputs.

    A norm that comes after the sum also feeds the next sum: there the division stays a node.
    """
    attention, mlp = block.attention, block.mlp
    attention = replace(
        attention,
        query=replace(attention.query, divide=None),
        key=replace(attention.key, divide=None),
        value=replace(attention.value, divide=None),
    )
    return replace(
        block,
        norm1=_divide_norm(block.norm1, into_qkv),
        attention=attention,
        norm2=_divide_norm(block.norm2, into_up),
        mlp=replace(mlp, up=replace(mlp.up, divide=None)),
    )


def _smooth_out(attention: Attention, largest: Floats, alpha: float) -> Attention:
    """Lets the value rows do the division before out, since attention only averages them."""
    scale = _compute_scales(largest, attention.out.weight, alpha)
    value, out = attention.value, attention.out
    bias = None if value.bias is None else value.bias / scale
    smoothed_value = Linear(value.weight / scale, bias)
    return replace(
        attention, value=smoothed_value, out=replace(_scale_inputs(out, scale), divide=None)
    )


def _compute_scales(largest: Floats, weight: Floats, alpha: float) -> Floats:
    """Returns range^alpha / weight^(1 - alpha) per input channel: equation 4 of the paper."""
    weights = np.maximum(np.abs(weight).max(axis=1), 1e-5)
    scales = np.maximum(largest, 1e-5) ** alpha / weights ** (1 - alpha)
    return np.asarray(np.maximum(scales, 1e-5), np.float32)


def _scale_inputs(layer: Linear, scale: Floats) -> Linear:
    return replace(layer, weight=layer.weight * scale[:, None], divide=scale)


def _divide_norm(norm: Norm, scale: Floats) -> Norm:
    return replace(norm, weight=norm.weight / scale, bias=norm.bias / scale)
