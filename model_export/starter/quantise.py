"""Weight-only int8: a quarter of the size at nearly the same vectors.

Weights are symmetric int8 per output channel, turned back to float32 by Cast and Mul. onnxruntime
folds those once when it loads the model, so arithmetic and speed stay those of float32 and nothing
has to be calibrated.
(DequantizeLinear says the same, but onnxruntime leaves it in the graph by default.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from model_export.starter.arrays import Floats

SMALLEST = 2_048  # entries; below it the scales would cost more than they save
_LEVELS = 127


def quantise_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns a copy of `model` with its large weights as int8."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    for weight in list(graph.initializer):
        values = numpy_helper.to_array(weight)
        reader = find_first_reader(graph, weight.name)
        axis = None if reader is None else find_output_axis(reader, values.ndim)
        if reader is None or axis is None or values.dtype != np.float32 or values.size < SMALLEST:
            continue
        store_as_int8(graph, weight, axis)
        insert = expand_rows if reader.op_type == "Gather" else expand_weight
        insert(graph, reader, weight.name)
    onnx.checker.check_model(result)
    return result


def find_first_reader(graph: onnx.GraphProto, name: str) -> onnx.NodeProto | None:
    return next((node for node in graph.node if name in node.input), None)


def find_output_axis(reader: onnx.NodeProto, dimensions: int) -> int | None:
    """Returns the axis of a weight that gets one scale per entry; None for biases and constants."""
    if dimensions < 2:
        return None
    if reader.op_type == "MatMul":
        return dimensions - 1
    if reader.op_type == "Gemm":
        transposed = any(
            attribute.name == "transB" and attribute.i for attribute in reader.attribute
        )
        return 0 if transposed else dimensions - 1
    return 0 if reader.op_type in {"Conv", "Gather"} else None


def convert_to_int8(values: Floats, axis: int) -> tuple[npt.NDArray[np.int8], Floats]:
    """Returns int8 values and their scales, which broadcast against them."""
    others = tuple(other for other in range(values.ndim) if other != axis)
    scales = np.maximum(np.abs(values).max(axis=others, keepdims=True), 1e-8) / _LEVELS
    levels = np.clip(np.round(values / scales), -_LEVELS, _LEVELS)
    return levels.astype(np.int8), np.asarray(scales, np.float32)


def store_as_int8(graph: onnx.GraphProto, weight: onnx.TensorProto, axis: int) -> None:
    """Replaces `weight` by `weight_int8` and `weight_scale`."""
    levels, scales = convert_to_int8(numpy_helper.to_array(weight), axis)
    name = weight.name
    graph.initializer.remove(weight)
    graph.initializer.extend(
        [
            numpy_helper.from_array(levels, f"{name}_int8"),
            numpy_helper.from_array(scales, f"{name}_scale"),
        ]
    )


def expand_weight(graph: onnx.GraphProto, reader: onnx.NodeProto, name: str) -> None:
    """Inserts before `reader`: name = float(name_int8) * name_scale."""
    cast = helper.make_node("Cast", [f"{name}_int8"], [f"{name}_float"], to=onnx.TensorProto.FLOAT)
    scale = helper.make_node("Mul", [f"{name}_float", f"{name}_scale"], [name])
    _insert(graph, list(graph.node).index(reader), [cast, scale])


def expand_rows(graph: onnx.GraphProto, reader: onnx.NodeProto, name: str) -> None:
    """Replaces `reader`, so that only the rows in use become float and the table stays small."""
    rows, output = reader.input[1], reader.output[0]
    position = list(graph.node).index(reader)
    graph.node.remove(reader)
    nodes = [
        helper.make_node("Gather", [f"{name}_int8", rows], [f"{output}_int8"]),
        helper.make_node("Gather", [f"{name}_scale", rows], [f"{output}_scale"]),
        helper.make_node(
            "Cast", [f"{output}_int8"], [f"{output}_float"], to=onnx.TensorProto.FLOAT
        ),
        helper.make_node("Mul", [f"{output}_float", f"{output}_scale"], [output]),
    ]
    _insert(graph, position, nodes)


def _insert(graph: onnx.GraphProto, position: int, nodes: list[onnx.NodeProto]) -> None:
    for offset, node in enumerate(nodes):
        graph.node.insert(position + offset, node)
