"""Reads layers from the weights of a torch module, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from model_export.errors import ExportError
from model_export.layers import Activation, Attention, Floats, Linear, Norm

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    arrays: Mapping[str, Floats]
    prefix: str = ""

    @classmethod
    def from_module(cls, module: torch.nn.Module) -> Weights:
        arrays = {name: value.float().numpy() for name, value in module.state_dict().items()}
        return cls(arrays)

    def narrow(self, prefix: str) -> Weights:
        return Weights(self.arrays, self.prefix + prefix)

    def has(self, name: str) -> bool:
        return self.prefix + name in self.arrays

    def array(self, name: str) -> Floats:
        try:
            return self.arrays[self.prefix + name]
        except KeyError:
            raise ExportError(
                f"the weights have no {self.prefix + name!r}: this is not the architecture that "
                "its configuration names"
            ) from None

    def linear(self, name: str) -> Linear:
        bias = self.array(f"{name}.bias") if self.has(f"{name}.bias") else None
        return Linear(np.ascontiguousarray(self.array(f"{name}.weight").T), bias)

    def attention(self, names: tuple[str, str, str, str], heads: int) -> Attention:
        """``names`` are those of query, key, value and out."""
        query, key, value, out = (self.linear(name) for name in names)
        return Attention(query, key, value, out, heads)

    def norm(self, name: str, epsilon: float) -> Norm:
        return Norm(self.array(f"{name}.weight"), self.array(f"{name}.bias"), epsilon)


def check_activation(name: Any) -> Activation:
    """Returns a configuration's ``hidden_act``. Raises ExportError if no graph has it."""
    known: dict[str, Activation] = {kind: kind for kind in get_args(Activation)}
    if name not in known:
        raise ExportError(f"activation {name!r} is not supported; known: {', '.join(known)}")
    return known[name]
