"""Towers as data: weights by their role, whatever model family they come from.

A family (``loading/``) fills these from a checkout of weights; ``emit`` writes them as an ONNX
graph. Weights are float32 arrays; a linear layer's is [inputs, outputs].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]

Activation: TypeAlias = Literal["quick_gelu", "gelu", "gelu_pytorch_tanh"]


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    weight: Floats
    bias: Floats | None = None
    divide: Floats | None = None
    """The input is divided by this first, per channel; the weights are that much larger."""


def _concatenate(*parts: Linear) -> Linear:
    """Returns one layer that gives the outputs of all of these, which share their input."""
    zeros = (np.zeros(part.weight.shape[1], np.float32) for part in parts)
    biases = [z if part.bias is None else part.bias for part, z in zip(parts, zeros, strict=True)]
    weights = np.concatenate([part.weight for part in parts], 1)
    return Linear(weights, np.concatenate(biases), parts[0].divide)


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    weight: Floats
    bias: Floats
    epsilon: float


@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    query: Linear
    key: Linear
    value: Linear
    out: Linear
    heads: int

    def join_qkv(self) -> Linear:
        return _concatenate(self.query, self.key, self.value)

    def join_key_value(self) -> Linear:
        return _concatenate(self.key, self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Mlp:
    up: Linear
    down: Linear
    activation: Activation


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """``norm_first``: each half normalises its input (CLIP, SigLIP); otherwise its sum (BERT)."""

    norm1: Norm
    attention: Attention
    norm2: Norm
    mlp: Mlp
    norm_first: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class AttentionPool:
    """SigLIP's pooling: a learnt probe [1, 1, width] attends to all patches."""

    probe: Floats
    attention: Attention
    norm: Norm
    mlp: Mlp


@dataclass(frozen=True, slots=True, eq=False)
class ImageTower:
    """A vision transformer. ``patches`` maps a patch's channels x rows x columns to the width."""

    size: tuple[int, int]
    patch: int
    patches: Linear
    class_token: Floats | None
    positions: Floats
    before: Norm | None
    blocks: tuple[Block, ...]
    after: Norm
    pool: AttentionPool | None
    """None: the vector of the class token, which comes first, is the picture's."""
    projection: Linear | None

    @property
    def dimension(self) -> int:
        return _count_dimensions(self.projection, self.positions)


@dataclass(frozen=True, slots=True, eq=False)
class TextTower:
    """``pool``: which token's vector is the text's.

    eot: the first end-of-text token · highest: the token with the highest id (which is the
    end-of-text token of CLIP's early configurations) · last: the last of the padded row ·
    mean: the mean of the tokens that are not masked.
    """

    tokens: Floats
    positions: Floats
    before: Norm | None
    blocks: tuple[Block, ...]
    after: Norm | None
    pool: Literal["eot", "highest", "last", "mean"]
    projection: Linear | None
    causal: bool = False
    masked: bool = False
    """Whether the graph takes an attention mask, without which padding would change the vector."""
    eot_id: int = 0

    @property
    def dimension(self) -> int:
        return _count_dimensions(self.projection, self.positions)


def _count_dimensions(projection: Linear | None, positions: Floats) -> int:
    """Returns how many dimensions a tower's vectors have: without a projection, the width."""
    matrix = positions if projection is None else projection.weight
    return int(matrix.shape[1])


Tower: TypeAlias = ImageTower | TextTower
