"""Exports torch towers as ONNX graphs; the manifest repeats the names of inputs and outputs."""

from __future__ import annotations

import io

import onnx
import torch

from model_export.starter.image.image_tower import StarterImageTower
from model_export.starter.image.pictures import SIZE
from model_export.starter.layout import DIMENSION
from model_export.starter.text.text_tower import StarterTextTower

OPSET = 17  # old enough for any onnxruntime of the last years


def export_image_graph(tower: StarterImageTower) -> onnx.ModelProto:
    example = (torch.zeros(2, 3, SIZE, SIZE),)
    return _export(tower, example, {"pixel_values": {0: "n"}}, "image_embeds")


def export_text_graph(tower: StarterTextTower) -> onnx.ModelProto:
    example = (torch.ones(2, 5, dtype=torch.long), torch.ones(2, 5, dtype=torch.long))
    inputs = {"input_ids": {0: "n", 1: "length"}, "attention_mask": {0: "n", 1: "length"}}
    return _export(tower, example, inputs, "text_embeds")


def _export(
    tower: torch.nn.Module,
    example: tuple[torch.Tensor, ...],
    inputs: dict[str, dict[int, str]],
    output: str,
) -> onnx.ModelProto:
    buffer = io.BytesIO()
    torch.onnx.export(
        tower.eval(),
        example,
        buffer,
        input_names=list(inputs),
        output_names=[output],
        dynamic_axes={**inputs, output: {0: "n"}},
        opset_version=OPSET,
        dynamo=False,  # the tracing exporter folds batch norms and needs no further packages
    )
    model = onnx.load_from_string(buffer.getvalue())
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = DIMENSION
    for node in model.graph.node:
        node.doc_string = ""  # it would carry source paths of the build machine
    return model
