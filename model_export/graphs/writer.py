"""Writes an ONNX graph node by node; equal constants are stored once."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from model_export.errors import ExportError
from model_export.layers import Floats, Norm

OPSET = 20
IR_VERSION = 10
PROTOBUF_LIMIT = 2_000_000_000
MICROSOFT = "com.microsoft"
"""onnxruntime's own operators: attention, QuickGELU and the int8 product as one kernel each."""


class Graph:
    def __init__(self, name: str, *, half: bool = False) -> None:
        """``half``: float constants are float16, and so are all computations with them."""
        self._name = name
        self._half = half
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def floats_in(self, name: str, shape: list[str | int]) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return self.to_floats(name) if self._half else name

    def integers_in(self, name: str, shape: list[str | int]) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.INT64, shape))
        return name

    def floats_out(self, value: str, name: str, shape: list[str | int]) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name], name=name))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def to_floats(self, value: str) -> str:
        """Casts a value of any type to the float type that the graph computes with."""
        return self.op("Cast", value, to=TensorProto.FLOAT16 if self._half else TensorProto.FLOAT)

    def to_float32(self, floats: str) -> str:
        return self.op("Cast", floats, to=TensorProto.FLOAT) if self._half else floats

    def constant(self, array: npt.NDArray[Any]) -> str:
        content = np.array(array, order="C")
        if self._half and content.dtype == np.float32:
            content = content.astype(np.float16)
        header = f"{content.dtype}{content.shape}".encode()
        name = "c_" + hashlib.sha256(header + content.tobytes()).hexdigest()[:16]
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(content, name)
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        return self.ops(kind, *inputs, count=1, domain=domain, **attributes)[0]

    def microsoft(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.op(kind, *inputs, domain=MICROSOFT, **attributes)

    def ops(
        self, kind: str, *inputs: str, count: int, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Adds a node and returns the names of its ``count`` outputs."""
        name = f"{kind}_{len(self._nodes)}"
        outputs = [f"{name}_{number}" for number in range(count)]
        node = helper.make_node(kind, list(inputs), outputs, name=name, domain=domain, **attributes)
        self._nodes.append(node)
        return outputs

    def norm(self, value: str, norm: Norm) -> str:
        weight, bias = self.constant(norm.weight), self.constant(norm.bias)
        return self.op("LayerNormalization", value, weight, bias, axis=-1, epsilon=norm.epsilon)

    def add(self, value: str, array: Floats) -> str:
        return self.op("Add", value, self.constant(array))

    def split(self, value: str, parts: int, width: int) -> list[str]:
        sizes = self.integers(*[width] * parts)
        return self.ops("Split", value, sizes, count=parts, axis=-1)

    def content(self) -> bytes:
        """Returns the ONNX file. Raises ExportError for a tower that is too large for one file."""
        size = sum(len(constant.raw_data) for constant in self._constants.values())
        if size > PROTOBUF_LIMIT:
            raise ExportError(
                f"the {self._name} tower has {size / 1e9:.1f} GB of weights; one ONNX file holds "
                "2 GB. Choose a smaller model"
            )
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, list(self._constants.values())
        )
        domains = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(
            graph, opset_imports=domains, ir_version=IR_VERSION, producer_name="model_export"
        )
        content: bytes = model.SerializeToString()
        return content
