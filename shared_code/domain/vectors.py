"""Choices about an index of vectors that both the settings and the index's adapter name."""

from __future__ import annotations

from typing import Literal

Distance = Literal["cosine", "euclid"]
"""How two vectors are compared."""

Quantization = Literal["auto", "none", "int8"]
"""Whether vectors are held in memory as int8 codes; auto: if the whole vectors would not fit."""
