"""The parts of both towers: linear layers in float or int8, attention, blocks, the output."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from model_export.graphs.writer import Graph

if TYPE_CHECKING:
    from model_export.layers import Attention, AttentionPool, Block, Floats, Linear, Mlp
    from model_export.recipes import Recipe, Role

RANGE = "range:"
"""Prefix of the names of the extra outputs that ``probes`` adds."""

Select: TypeAlias = Callable[[str], str]
"""Picks the pooled row out of a value: [n, tokens, width] -> [n, 1, width]."""


class TowerEmitter:
    def __init__(self, name: str, recipe: Recipe, *, blocks: int, probes: bool) -> None:
        self.graph = Graph(name, half=recipe.half)
        self._recipe = recipe
        self._blocks = blocks
        self._probes = probes
        self.batch = ""

    def linear(self, x: str, layer: Linear, role: Role, block: int | None = None) -> str:
        if layer.divide is not None:
            x = self.graph.op("Mul", x, self.graph.constant(1 / layer.divide))
        if self._is_int8(role, block):
            return self._int8_linear(x, layer)
        product = self.graph.op("MatMul", x, self.graph.constant(layer.weight))
        return product if layer.bias is None else self.graph.add(product, layer.bias)

    def block(
        self, x: str, block: Block, number: int, *, mask: str = "", causal: bool = False
    ) -> str:
        graph = self.graph
        if not block.norm_first:
            attended = self._attend(x, x, block.attention, number, mask, causal)
            x = graph.norm(graph.op("Add", x, attended), block.norm1)
            return graph.norm(
                graph.op("Add", x, self._apply_mlp(x, block.mlp, number)), block.norm2
            )
        normed = graph.norm(x, block.norm1)
        attended = self._attend(normed, normed, block.attention, number, mask, causal)
        return self._add_attention(x, attended, block, number)

    def last_block(
        self, x: str, block: Block, number: int, select: Select, *, mask: str = ""
    ) -> str:
        """Returns the selected row only [n, 1, width]; it attends to all others."""
        normed = self.graph.norm(x, block.norm1)
        row = select(normed)
        attended = self._attend(row, normed, block.attention, number, mask, False)
        return self._add_attention(select(x), attended, block, number)

    def finish(self, row: str, projection: Linear | None, name: str, size: int) -> None:
        """Makes unit vectors of the pooled rows [n, width], and the graph's output of them."""
        graph = self.graph
        if projection is not None:
            row = graph.op("MatMul", row, graph.constant(projection.weight))
            row = row if projection.bias is None else graph.add(row, projection.bias)
        unit = graph.op("LpNormalization", graph.to_float32(row), axis=-1, p=2)
        graph.floats_out(unit, name, ["batch", size])

    def pool_by_attention(self, x: str, pool: AttentionPool) -> str:
        """Returns [n, width]. It stays float: one row takes no time."""
        graph = self.graph
        width = pool.probe.shape[-1]
        one_each = graph.op("Concat", self.batch, graph.integers(1, width), axis=0)
        probe = graph.op("Expand", graph.constant(pool.probe), one_each)
        attended = self._attend(probe, x, pool.attention, None, "", False)
        hidden = self._apply_mlp(graph.norm(attended, pool.norm), pool.mlp, None)
        return graph.op("Squeeze", graph.op("Add", attended, hidden), graph.integers(1))

    def _add_attention(self, x: str, attended: str, block: Block, number: int) -> str:
        graph = self.graph
        x = graph.op("Add", x, attended)
        hidden = self._apply_mlp(graph.norm(x, block.norm2), block.mlp, number)
        return graph.op("Add", x, hidden)

    def _attend(
        self, x: str, context: str, layer: Attention, block: int | None, mask: str, causal: bool
    ) -> str:
        width = layer.query.weight.shape[1]
        self._add_probe(context, "qkv", block)
        if x == context:
            joined = self.linear(x, layer.join_qkv(), "qkv", block)
            query, key, value = self.graph.split(joined, 3, width)
        else:
            query = self.linear(x, layer.query, "qkv", block)
            joined = self.linear(context, layer.join_key_value(), "qkv", block)
            key, value = self.graph.split(joined, 2, width)
        heads = {"num_heads": layer.heads, "unidirectional": int(causal)}
        # inputs 4 and 5: a bias (the products include it already), the mask of the keys
        inputs = [query, key, value, "", mask] if mask else [query, key, value]
        mixed = self.graph.microsoft("MultiHeadAttention", *inputs, **heads)
        self._add_probe(mixed, "out", block)
        return self.linear(mixed, layer.out, "out", block)

    def _apply_mlp(self, x: str, layer: Mlp, block: int | None) -> str:
        self._add_probe(x, "up", block)
        hidden = self.linear(x, layer.up, "up", block)
        if layer.activation == "quick_gelu":
            hidden = self.graph.microsoft("QuickGelu", hidden, alpha=1.702)
        else:
            approximate = "tanh" if layer.activation == "gelu_pytorch_tanh" else "none"
            hidden = self.graph.op("Gelu", hidden, approximate=approximate)
        self._add_probe(hidden, "down", block)
        return self.linear(hidden, layer.down, "down", block)

    def _is_int8(self, role: Role, block: int | None) -> bool:
        if role in ("patches", "tokens"):
            return role in self._recipe.int8
        if block is None:
            return False
        ends = self._recipe.float_ends
        return role in self._recipe.int8 and ends <= block < self._blocks - ends

    def _int8_linear(self, x: str, layer: Linear) -> str:
        rows, scales = quantise_columns(layer.weight, self._recipe.weight_bits)
        zeros = self.graph.constant(np.zeros(len(scales), np.int8))
        parts = [self.graph.constant(rows), self.graph.constant(scales), zeros]
        bias = [] if layer.bias is None else [self.graph.constant(layer.bias)]
        return self.graph.microsoft("DynamicQuantizeMatMul", x, *parts, *bias)

    def _add_probe(self, x: str, role: Role, block: int | None) -> None:
        if self._probes and block is not None:
            size = self.graph.op("Abs", x)
            largest = self.graph.op("ReduceMax", size, self.graph.integers(0, 1), keepdims=0)
            self.graph.floats_out(largest, f"{RANGE}block{block}.{role}", ["width"])


def quantise_columns(weight: Floats, bits: int) -> tuple[npt.NDArray[np.int8], Floats]:
    """Returns symmetric integers q [inputs, outputs] and scales [outputs]: weight = q * scale."""
    levels = 2 ** (bits - 1) - 1
    largest = np.abs(weight).max(axis=0)
    scales = np.where(largest > 0, largest / levels, 1).astype(np.float32)
    quantised = np.clip(np.round(weight / scales), -levels, levels).astype(np.int8)
    return quantised, scales
