"""The graph of a vision transformer.

Pixels [n, 3, height, width] -> unit vectors [n, dimension].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_export.graphs.blocks import TowerEmitter

if TYPE_CHECKING:
    from model_export.layers import ImageTower
    from model_export.recipes import Recipe

PIXELS, IMAGE_EMBEDS = "pixel_values", "image_embeds"


class ImageEmitter(TowerEmitter):
    def __init__(self, tower: ImageTower, recipe: Recipe, *, probes: bool) -> None:
        super().__init__("image", recipe, blocks=len(tower.blocks), probes=probes)
        self._tower = tower

    def content(self) -> bytes:
        tower, graph = self._tower, self.graph
        x = self._embed_patches()
        for number, block in enumerate(tower.blocks[:-1]):
            x = self.block(x, block, number)
        last = len(tower.blocks) - 1
        if tower.pool is None:
            first = graph.integers(0)
            row = self.last_block(
                x, tower.blocks[last], last, lambda rows: graph.op("Gather", rows, first, axis=1)
            )
            row = graph.norm(graph.op("Squeeze", row, graph.integers(1)), tower.after)
        else:
            x = graph.norm(self.block(x, tower.blocks[last], last), tower.after)
            row = self.pool_by_attention(x, tower.pool)
        self.finish(row, tower.projection, IMAGE_EMBEDS, tower.dimension)
        return graph.content()

    def _embed_patches(self) -> str:
        tower, graph = self._tower, self.graph
        (height, width), patch = tower.size, tower.patch
        rows, columns = height // patch, width // patch
        pixels = graph.floats_in(PIXELS, ["batch", 3, height, width])
        self.batch = graph.op("Shape", pixels, start=0, end=1)
        if (rows * patch, columns * patch) != tower.size:  # cuts off what the patches do not cover
            starts, ends = graph.integers(0, 0), graph.integers(rows * patch, columns * patch)
            pixels = graph.op("Slice", pixels, starts, ends, graph.integers(2, 3))
        grid = graph.op("Reshape", pixels, graph.integers(-1, 3, rows, patch, columns, patch))
        grid = graph.op("Transpose", grid, perm=[0, 2, 4, 1, 3, 5])
        patches = graph.op("Reshape", grid, graph.integers(-1, rows * columns, 3 * patch**2))
        x = self.linear(patches, tower.patches, "patches")
        if tower.class_token is not None:
            shape = graph.op("Concat", self.batch, graph.integers(1, 1), axis=0)
            token = graph.op("Expand", graph.constant(tower.class_token[None, None]), shape)
            x = graph.op("Concat", token, x, axis=1)
        x = graph.add(x, tower.positions[None])
        return x if tower.before is None else graph.norm(x, tower.before)
