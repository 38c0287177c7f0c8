"""The graph of a text transformer: token ids [n, tokens] -> unit vectors [n, dimension].

The number of tokens is free, so that a query of 5 tokens does not take the time of 77.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from model_export.graphs.blocks import TowerEmitter, quantise_columns

if TYPE_CHECKING:
    from model_export.graphs.blocks import Select
    from model_export.layers import TextTower
    from model_export.recipes import Recipe

IDS, MASK, TEXT_EMBEDS = "input_ids", "attention_mask", "text_embeds"


class TextEmitter(TowerEmitter):
    def __init__(self, tower: TextTower, recipe: Recipe, *, probes: bool) -> None:
        super().__init__("text", recipe, blocks=len(tower.blocks), probes=probes)
        self._tower = tower

    def content(self) -> bytes:
        tower, graph = self._tower, self.graph
        ids = graph.integers_in(IDS, ["batch", "tokens"])
        mask = graph.integers_in(MASK, ["batch", "tokens"]) if tower.masked else ""
        length = graph.op("Shape", ids, start=1, end=2)
        keys = graph.op("Cast", mask, to=TensorProto.INT32) if mask else ""
        x = self._embed_tokens(ids, length)
        for number, block in enumerate(tower.blocks[:-1]):
            x = self.block(x, block, number, mask=keys, causal=tower.causal)
        last = len(tower.blocks) - 1
        if tower.pool == "mean":
            x = self.block(x, tower.blocks[last], last, mask=keys, causal=tower.causal)
            row = self._pool_by_mean(x if tower.after is None else graph.norm(x, tower.after), mask)
        else:
            select, keys = self._select_pooled_token(ids, length, keys)
            row = self.last_block(x, tower.blocks[last], last, select, mask=keys)
            row = graph.op("Squeeze", row, graph.integers(1))
            row = row if tower.after is None else graph.norm(row, tower.after)
        self.finish(row, tower.projection, TEXT_EMBEDS, tower.dimension)
        return graph.content()

    def _embed_tokens(self, ids: str, length: str) -> str:
        tower, graph = self._tower, self.graph
        x = self._look_up_tokens(ids)
        table = graph.constant(tower.positions)
        x = graph.op("Add", x, graph.op("Slice", table, graph.integers(0), length))
        return x if tower.before is None else graph.norm(x, tower.before)

    def _look_up_tokens(self, ids: str) -> str:
        graph, tokens = self.graph, self._tower.tokens
        if not self._is_int8("tokens", None):
            return graph.op("Gather", graph.constant(tokens), ids)
        columns, scales = quantise_columns(
            tokens.T, bits=8
        )  # 8 bits: rows are looked up, never multiplied
        rows = graph.op("Gather", graph.constant(columns.T), ids)
        scale = graph.op("Gather", graph.constant(scales[:, None]), ids)
        return graph.op("Mul", graph.to_floats(rows), scale)

    def _select_pooled_token(self, ids: str, length: str, keys: str) -> tuple[Select, str]:
        """Returns how to select the pooled token's row, and the mask of what it attends to."""
        graph, tower = self.graph, self._tower
        if tower.pool == "last":
            last = graph.integers(-1)
            return lambda rows: graph.op("Gather", rows, last, axis=1), keys
        marks = ids
        if tower.pool == "eot":
            same = graph.op("Equal", ids, graph.integers(tower.eot_id))
            marks = graph.op("Cast", same, to=TensorProto.INT32)
        position = graph.op("ArgMax", marks, axis=1, keepdims=1)  # [n, 1]: the first of equals
        if tower.causal:
            start, step = (
                graph.constant(np.array(0, np.int64)),
                graph.constant(np.array(1, np.int64)),
            )
            scalar = graph.op("Squeeze", length)
            visible = graph.op("LessOrEqual", graph.op("Range", start, scalar, step), position)
            keys = graph.op("Cast", visible, to=TensorProto.INT32)
        axis = graph.integers(1)
        return (
            lambda rows: graph.op(
                "Unsqueeze", graph.op("GatherND", rows, position, batch_dims=1), axis
            ),
            keys,
        )

    def _pool_by_mean(self, x: str, mask: str) -> str:
        graph = self.graph
        axis = graph.integers(1)
        weights = graph.to_floats(mask)
        total = graph.op("ReduceSum", weights, axis, keepdims=1)
        weighted = graph.op("Mul", x, graph.op("Unsqueeze", weights, graph.integers(2)))
        return graph.op("Div", graph.op("ReduceSum", weighted, axis, keepdims=0), total)
