"""Ways to make a tower int8, as data: the fastest first, the most careful last.

Each computes more in float32 than the one before. The exception is the second: it is the first
without smoothing, which takes no measurable time and may hurt where there are no outliers. The gate
takes the first that passes, so that noise in a timing decides nothing.

Activations are quantised at run time (per tensor, 8 bits, asymmetric), weights once per output
channel, symmetric. Weights use 7 of the 8 bits: without VNNI, x86 kernels add two products in
16 bits, which 8-bit weights overflow (onnxruntime's documentation calls this reduce_range).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["patches", "tokens", "qkv", "out", "up", "down"]
"""Where a weight stands in a tower. Norms, softmax, biases, positions and the projection into
the common space are float in every recipe."""

Precision: TypeAlias = Literal["int8", "fp16", "fp32"]

_BLOCK: frozenset[Role] = frozenset({"qkv", "out", "up", "down"})
_ALL: frozenset[Role] = _BLOCK | {"patches", "tokens"}


@dataclass(frozen=True, slots=True)
class Recipe:
    name: str
    int8: frozenset[Role]
    """The weights that become int8; all others stay float32."""
    smooth: float | None = None
    """SmoothQuant's alpha (Xiao et al. 2023, arXiv:2211.10438): how much of the outliers in
    activations is moved into the weights, from ranges seen on calibration items."""
    float_ends: int = 0
    """This many blocks at each end of the tower stay float32."""
    weight_bits: int = 7
    half: bool = False
    """Everything is float16 except inputs, outputs, and the scaling to unit length."""

    @property
    def precision(self) -> Precision:
        if self.half:
            return "fp16"
        return "int8" if self.int8 else "fp32"


FLOAT = Recipe("fp32", frozenset())
HALF = Recipe("fp16", frozenset(), half=True)
"""For a GPU: onnxruntime has few float16 operators for CPUs, and converts between them."""

_ALPHA = 0.6
"""The best mean cosine of 0.3 to 0.8, on the real weights of a small BERT (benchmarks/quantise.py);
0.7 and 0.8 are near."""

RECIPES = (
    Recipe("int8, smooth", _ALL, _ALPHA),
    Recipe("int8", _ALL),
    Recipe("int8, smooth, float ends", _ALL - {"patches"}, _ALPHA, float_ends=1),
    Recipe("int8, smooth, float down", _ALL - {"patches", "down"}, _ALPHA),
    Recipe("int8, smooth, float down and ends", _ALL - {"patches", "down"}, _ALPHA, float_ends=2),
)
