"""Every family's float32 graph gives what transformers gives, whatever the batch and length."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from model_export import parity
from model_export.errors import ExportError
from model_export.graphs.emit import emit
from model_export.layers import Linear
from model_export.loading import families, sentence_families
from model_export.quantisation.measurements import embed_items, open_session
from model_export.recipes import HALF
from tests.model_export.configs import CONFIGS

TEXTS = [
    "a red dress",
    "Robe d'été rouge, à bretelles",
    "mug",
    "a blue running shoe with white laces",
]
FULL_SIZE = Path("model_export/configs/clip-vit-base-patch32.json")
TOLERANCE = 1e-4


@pytest.fixture(params=["clip", "clip of the legacy kind", "siglip", FULL_SIZE], ids=str)
def sources(request, config):
    if isinstance(request.param, Path):
        return families.build_random(request.param, TEXTS)
    name = request.param.split()[0]
    changes = {}
    if "legacy" in request.param:
        text = CONFIGS["clip"]["text_config"]
        changes = {"text_config": {**text, "eos_token_id": 2, "bos_token_id": 0}}
    return families.build_random(config(name, **changes), TEXTS)


def stack_padded(feeds):
    """Texts of several lengths as one padded batch."""
    longest = max(feed["input_ids"].shape[1] for feed in feeds)
    names = feeds[0].keys()
    pads = {"input_ids": 0, "attention_mask": 0}
    return {
        name: np.concatenate(
            [
                np.pad(
                    f[name], ((0, 0), (0, longest - f[name].shape[1])), constant_values=pads[name]
                )
                for f in feeds
            ]
        )
        for name in names
    }


def largest_difference(ours, theirs):
    return float(np.abs(ours - theirs).max())


def test_pictures_give_torchs_vectors(sources):
    image, _ = sources
    shape = (3, 3, *image.tower.size)
    pixels = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    ours = open_session(emit(image.tower)).run(None, {"pixel_values": pixels})[0]
    assert np.linalg.norm(ours, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert largest_difference(ours, image.embed_with_torch({"pixel_values": pixels})) <= TOLERANCE
    alone = open_session(emit(image.tower)).run(None, {"pixel_values": pixels[:1]})[0]
    assert largest_difference(ours[:1], alone) <= TOLERANCE
    assert largest_difference(ours[:1], ours[1:2]) > 10 * TOLERANCE  # it looks at the picture


def test_texts_give_torchs_vectors(sources):
    _, text = sources
    tower = open_session(emit(text.tower))
    for feed in text.make_feeds(TEXTS):
        assert (
            largest_difference(tower.run(None, feed)[0], text.embed_with_torch(feed)) <= TOLERANCE
        )


def test_padding_in_a_batch_changes_no_text(sources):
    """Tokens after the end token are ignored; SigLIP's texts all have one length."""
    _, text = sources
    tower = open_session(emit(text.tower))
    feeds = text.make_feeds(TEXTS)
    together = tower.run(None, stack_padded(feeds))[0]
    alone = np.concatenate([tower.run(None, feed)[0] for feed in feeds])
    assert largest_difference(together, alone) <= TOLERANCE


@pytest.mark.parametrize("family", ["distilbert", "bert"])
def test_sentence_towers_give_torchs_vectors(family, config):
    text = sentence_families.build_random_text(config(family), 48, TEXTS)
    tower = open_session(emit(text.tower))
    feeds = text.make_feeds(TEXTS)
    together = stack_padded(feeds)
    assert (together["attention_mask"] == 0).any()
    ours = tower.run(None, together)[0]
    assert ours.shape == (len(TEXTS), 48)
    assert largest_difference(ours, text.embed_with_torch(together)) <= TOLERANCE
    alone = np.concatenate([text.embed_with_torch(feed) for feed in feeds])
    assert largest_difference(ours, alone) <= TOLERANCE


def test_float16_is_half_the_size_and_near(sources):
    image, text = sources
    shape = (3, 3, *image.tower.size)
    pixels = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    check_half(image.tower, [{"pixel_values": pixels}])
    check_half(text.tower, text.make_feeds(TEXTS))


@pytest.mark.parametrize("family", ["distilbert", "bert"])
def test_so_are_sentence_towers(family, config):
    text = sentence_families.build_random_text(config(family), 48, TEXTS)
    check_half(text.tower, [stack_padded(text.make_feeds(TEXTS))])


def check_half(tower, items):
    whole, half = emit(tower), emit(tower, HALF)
    kinds = {constant.data_type for constant in onnx.load_from_string(half).graph.initializer}
    assert kinds <= {onnx.TensorProto.FLOAT16, onnx.TensorProto.INT64}
    assert len(half) < 0.6 * len(whole)  # small towers have as much graph as weights
    ours, reference = (
        embed_items(open_session(half), items),
        embed_items(open_session(whole), items),
    )
    assert ours.dtype == np.float32
    assert (ours * reference).sum(axis=1).min() > 0.9999
    assert largest_difference(ours, reference) > 0  # it is not the same graph


def test_a_graph_that_differs_from_torch_is_no_export(config):
    image, text = families.build_random(config("clip"), TEXTS)
    first, *others = text.tower.blocks
    bias = first.mlp.down.bias + np.eye(64, dtype=np.float32)[7]
    bent = replace(first, mlp=replace(first.mlp, down=Linear(first.mlp.down.weight, bias)))
    wrong = replace(text, tower=replace(text.tower, blocks=(bent, *others)))
    with pytest.raises(ExportError, match="text tower's graph differs"):
        measure_difference("text", wrong, text.make_feeds(TEXTS))
    assert measure_difference("text", text, text.make_feeds(TEXTS)) <= TOLERANCE
    pixels = np.ones((1, 3, 50, 50), np.float32)
    assert measure_difference("image", image, [{"pixel_values": pixels}]) <= TOLERANCE


def measure_difference(name, source, items):
    return parity.measure_difference(
        name, open_session(emit(source.tower)), source.embed_with_torch, items
    )
