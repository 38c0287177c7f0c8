"""Compares the encoder with other ways to run CLIP ViT-B/32, on the same inputs in the same run.

The contenders take turns, so that other load on the machine affects all of them; the shortest run
of each counts, and ratios are of those. All use two threads. Weights are random, which changes no
time. Needs model_export's requirements (`make test-export` installs them).

- torch: transformers, eager, float32
- ORT fp32: the graph that torch.onnx.export traces, in onnxruntime as it comes
- ORT int8: that graph by onnxruntime's quantize_dynamic, weights per channel
- ours: the bundle in the app's own encoder, tokenisation and checks included
"""

from __future__ import annotations

import io
import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from benchmarks.harness.full_size import CONFIG, add_bundle_argument, check_bundle
from benchmarks.harness.report import make_parser, publish
from model_export.loading import random_models
from model_export.loading.families import read_config
from model_export.markdown import render_table
from shared_code.adapters.clip.bundle import Bundle, load_bundle
from shared_code.adapters.clip.encoder import ClipEncoder, EncoderOptions
from shared_code.adapters.clip.tokenize import Tokenize

THREADS = 2
SETTLE_S = 0.02
"""The pause before each run, since the threads of the run before still spin for a while."""
RUNS_PER_TURN = 3
SEQUENCE = 5
"""Tokens of a query of three words, two of them special. Which words they are changes no time."""
AIMS = {
    "one picture": (0.18, 0.32),
    "a picture in a batch of 8": (0.15, 0.27),
    "a text of 5 tokens": (0.18, None),
}
"""The highest ratios we accept, to torch and to ORT fp32."""

Calls = dict[str, Callable[[], Any]]


def main() -> None:
    parser = make_parser(__doc__ or "")
    add_bundle_argument(parser)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    bundle = load_bundle(check_bundle(options.bundle))
    with tempfile.TemporaryDirectory() as folder:
        towers = make_contenders(Path(folder), bundle)
        rows = []
        for title, calls in towers.items():
            items = 8 if "8" in title else 1
            rows.append(
                render_row(
                    title, {k: v / items for k, v in measure_fastest(calls, options.rounds).items()}
                )
            )
    header = ["", "torch ms", "ORT fp32", "ORT int8", "ours", "ours / torch", "ours / ORT fp32"]
    turns = f"{options.rounds} turns of {RUNS_PER_TURN}"
    body = f"Per item, the shortest of {turns}; the aim in brackets.\n\n"
    publish(
        "Encoder, CLIP ViT-B/32",
        body + render_table(header, rows) + describe_limit(rows),
        options.out,
    )


def make_contenders(folder: Path, bundle: Bundle) -> dict[str, Calls]:
    encoder = ClipEncoder(bundle, max_pixels=1, threads=THREADS, options=EncoderOptions(1))
    model = make_torch_model()
    pixels = np.random.default_rng(0).standard_normal((8, 3, 224, 224)).astype(np.float32)
    query, ids = find_query(bundle)
    traced = {name: trace_sessions(folder, model, name) for name in ("image", "text")}

    def pictures(count: int) -> Calls:
        some = pixels[:count]
        return {
            "torch": lambda: model.get_image_features(pixel_values=torch.from_numpy(some)),
            **{
                way: partial(session.run, None, {"pixel_values": some})
                for way, session in traced["image"].items()
            },
            "ours": lambda: encoder.encode_images(list(some)),
        }

    texts: Calls = {
        "torch": lambda: model.get_text_features(input_ids=torch.from_numpy(ids)),
        **{
            way: partial(session.run, None, {"input_ids": ids})
            for way, session in traced["text"].items()
        },
        "ours": lambda: encoder.encode_texts([query]),
    }
    return dict(zip(AIMS, (pictures(1), pictures(8), texts), strict=True))


def make_torch_model() -> Any:
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(random_models.SEED)
    return CLIPModel(CLIPConfig(**read_config(Path(CONFIG)))).eval()


def find_query(bundle: Bundle) -> tuple[str, Any]:
    """Returns a query of SEQUENCE tokens in the bundle's own vocabulary, and its ids."""
    spec = bundle.manifest.text
    tokenize = Tokenize(spec, bundle.verify_file(spec.tokenizer).read_bytes())
    for query in ("red summer dress", "red dress", "a red dress", "red"):
        ids = tokenize.split_into_windows(query)[0].ids
        if len(ids) == SEQUENCE:
            return query, np.array([ids], np.int64)
    raise SystemExit(
        "none of the queries has five tokens in this bundle's tokenizer: add one that has"
    )


def trace_sessions(folder: Path, model: Any, tower: str) -> dict[str, ort.InferenceSession]:
    plain, prepared, int8 = (folder / f"{tower}-{kind}.onnx" for kind in ("fp32", "pre", "int8"))
    trace(model, tower, plain)
    quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
    quantize_dynamic(str(prepared), str(int8), per_channel=True, weight_type=QuantType.QInt8)
    return {"ORT fp32": open_session(plain), "ORT int8": open_session(int8)}


class ImageFeatures(torch.nn.Module):  # type: ignore[misc]  # torch is not installed there
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: Any) -> Any:
        return self.model.get_image_features(pixel_values=pixel_values).pooler_output


class TextFeatures(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Any) -> Any:
        return self.model.get_text_features(input_ids=input_ids).pooler_output


def trace(model: Any, tower: str, out: Path) -> None:
    batch = torch.export.Dim("batch", min=1, max=1024)
    if tower == "image":
        module: Any = ImageFeatures(model)
        example: Any = torch.randn(2, 3, 224, 224)
        name, dynamic = "pixel_values", {0: batch}
    else:
        module = TextFeatures(model)
        example = torch.tensor([[49406, 320, 736, 2595, 49407]] * 2)
        name, dynamic = "input_ids", {0: batch, 1: torch.export.Dim("tokens", min=2, max=77)}
    logging.disable(logging.WARNING)
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # deprecations inside the exporter
        torch.onnx.export(
            module,
            (example,),
            str(out),
            input_names=[name],
            dynamic_shapes=(dynamic,),
            dynamo=True,
            external_data=False,
        )


def open_session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def measure_fastest(calls: Calls, rounds: int) -> dict[str, float]:
    """Returns the milliseconds of each contender's shortest run."""
    best = dict.fromkeys(calls, float("inf"))
    with torch.inference_mode():
        for call in calls.values():
            call()  # warm
        for _ in range(rounds):
            for way, call in calls.items():
                time.sleep(SETTLE_S)
                call()  # its weights come back into the caches, as in a process that serves
                for _ in range(RUNS_PER_TURN):
                    started = time.perf_counter()
                    call()
                    best[way] = min(best[way], 1000 * (time.perf_counter() - started))
    return best


def render_row(title: str, ms: dict[str, float]) -> list[str]:
    cells = [title, *(f"{ms[way]:.2f}" for way in ("torch", "ORT fp32", "ORT int8", "ours"))]
    for way, aim in zip(("torch", "ORT fp32"), AIMS[title], strict=True):
        goal = "" if aim is None else f" ({aim:.2f})"
        cells.append(f"{ms['ours'] / ms[way]:.3f}{goal}")
    return cells


def describe_limit(rows: list[list[str]]) -> str:
    """Returns a paragraph on the lower bound: all products at the rate of one large one."""
    rate = measure_int8_rate()
    ms = PICTURE_GIGA_OPERATIONS / rate * 1000
    return (
        f"\n\nThe int8 products of one picture are {PICTURE_GIGA_OPERATIONS:.1f} G operations; one "
        f"large product alone runs at {rate:.0f} G/s here (400 rows, as in a batch of 8), which "
        f"makes {ms:.1f} ms, attention and all that is between the products not counted. Ours: "
        f"{rows[0][4]} ms alone, {rows[1][4]} ms in a batch of 8, which the app computes by fours."
    )


PICTURE_GIGA_OPERATIONS = (
    2 * (11 * 50 * 12 * 768**2 + 50 * 2 * 768**2 + 10 * 768**2 + 49 * 3072 * 768) / 1e9
)
"""Multiplications and additions: 11 blocks of 50 tokens (12 width^2 each); in the last block keys
and values of 50 tokens, and the rest for one; and the patches."""


def measure_int8_rate() -> float:
    """Measures G operations a second of one product: a fully connected layer, 400 rows."""
    from onnx import TensorProto, helper, numpy_helper

    draw = np.random.default_rng(0)
    constants = [
        numpy_helper.from_array(draw.integers(-63, 63, (768, 3072)).astype(np.int8), "w"),
        numpy_helper.from_array(np.ones(3072, np.float32), "s"),
        numpy_helper.from_array(np.zeros(3072, np.int8), "z"),
    ]
    node = helper.make_node(
        "DynamicQuantizeMatMul", ["x", "w", "s", "z"], ["y"], domain="com.microsoft"
    )
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("x", floats, [400, 768])],
        [helper.make_tensor_value_info("y", floats, [400, 3072])],
        constants,
    )
    domains = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=domains, ir_version=10)
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    product = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    rows = {"x": draw.standard_normal((400, 768)).astype(np.float32)}
    seconds = measure_fastest({"one": lambda: product.run(None, rows)}, 40)["one"] / 1000
    return 2 * 400 * 768 * 3072 / seconds / 1e9


if __name__ == "__main__":
    main()
