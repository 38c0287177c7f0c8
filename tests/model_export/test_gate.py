"""The gate lets through what is near float32 and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from model_export.evaluation import build_image_spec, load_pixels, load_samples
from model_export.graphs.blocks import quantise_columns
from model_export.graphs.emit import emit
from model_export.layers import Norm
from model_export.loading import families
from model_export.quantisation.gate import Judge, QualityGate, choose_recipe, measure_input_ranges
from model_export.quantisation.measurements import (
    compare_vectors,
    embed_items,
    measure_recall,
    open_session,
)
from model_export.quantisation.smooth_quant import smooth_tower
from model_export.recipes import FLOAT, RECIPES, Recipe

ALL = RECIPES[0].int8
BAD = Recipe("two bits", ALL, weight_bits=2)
PLAIN = Recipe("plain", ALL)
SMOOTH = Recipe("smooth", ALL, smooth=0.6)
TEXTS = ["a red dress"]


def image_judge(source, tower):
    spec = build_image_spec(tower, source.preprocessing)
    items = [
        {"pixel_values": picture[None]} for picture in load_pixels(load_samples().files[:60], spec)
    ]
    pairs = [
        {"pixel_values": np.concatenate([p["pixel_values"] for p in items[i : i + 4]])}
        for i in range(0, len(items), 4)
    ]
    return Judge(items, pairs, embed_items(open_session(emit(tower)), items), None, lambda _: {})


@pytest.fixture
def image(config):
    return families.build_random(config("clip"), TEXTS)[0]


def with_outliers(tower):
    """Adds what trained transformers have and random ones lack: a few channels far above the rest.

    The weights that meet them are as much smaller, so the function is a usual one.
    """
    scale = np.ones(64, np.float32)
    scale[[3, 40]] = 150

    def bend(block):
        attention, mlp = block.attention, block.mlp
        lower = {
            part: replace(layer, weight=layer.weight / scale[:, None])
            for part, layer in (
                ("query", attention.query),
                ("key", attention.key),
                ("value", attention.value),
            )
        }
        return replace(
            block,
            norm1=scale_norm(block.norm1, scale),
            norm2=scale_norm(block.norm2, scale),
            attention=replace(attention, **lower),
            mlp=replace(mlp, up=replace(mlp.up, weight=mlp.up.weight / scale[:, None])),
        )

    return replace(tower, blocks=tuple(map(bend, tower.blocks)))


def scale_norm(norm, scale):
    return Norm(norm.weight * scale, norm.bias * scale, norm.epsilon)


def test_a_bad_recipe_is_refused_and_the_tower_stays_float(image):
    choice = choose_recipe(
        image.tower, image_judge(image, image.tower), gate=QualityGate(), recipes=[BAD]
    )
    assert (choice.chosen, choice.precision) == (FLOAT.name, "fp32")
    float_trial, bad = choice.trials
    assert float_trial.passed
    assert not bad.passed
    assert bad.agreement.overlap < 0.95
    assert choice.model == emit(image.tower)


def test_the_next_recipe_is_taken_where_the_first_is_refused(image):
    judge = image_judge(image, image.tower)
    choice = choose_recipe(image.tower, judge, gate=QualityGate(overlap=0.9), recipes=[BAD, PLAIN])
    assert (choice.chosen, choice.precision) == ("plain", "int8")
    assert [trial.passed for trial in choice.trials] == [True, False, True]
    assert choice.trials[2].agreement.cosine_mean >= 0.99
    assert len(choice.model) < len(emit(image.tower)) / 2


def test_smoothing_saves_a_tower_with_outliers(image):
    tower = with_outliers(image.tower)
    judge = image_judge(image, tower)
    choice = choose_recipe(tower, judge, gate=QualityGate(overlap=0.9), recipes=[PLAIN, SMOOTH])
    _, plain, smooth = choice.trials
    assert not plain.passed
    assert smooth.agreement.cosine_mean > plain.agreement.cosine_mean
    assert choice.chosen == "smooth"


def test_smoothing_alone_changes_no_vector(image):
    tower = with_outliers(image.tower)
    judge = image_judge(image, tower)
    flat = smooth_tower(tower, measure_input_ranges(tower, judge.items), SMOOTH)
    assert flat.blocks[0].norm1.weight.max() < tower.blocks[0].norm1.weight.max() / 5
    vectors = embed_items(open_session(emit(flat)), judge.items)
    assert np.abs(vectors - judge.reference).max() < 1e-4


def test_int8_weights_stay_within_seven_bits():
    """More would overflow 16 bits on processors without VNNI: 2 x 255 x 127 > 32767."""
    for recipe in RECIPES:
        assert 2 * 255 * (2 ** (recipe.weight_bits - 1) - 1) < 2**15
    weight = np.random.default_rng(0).standard_normal((8, 5)).astype(np.float32)
    quantised, scales = quantise_columns(weight, bits=7)
    assert np.abs(quantised).max() == 63
    assert np.abs(quantised * scales - weight).max() <= scales.max() / 2 + 1e-6


def test_nearness_and_recall_on_vectors_known_by_hand():
    corners = np.eye(12, dtype=np.float32)
    same = compare_vectors(corners, corners)
    assert (same.cosine_mean, same.cosine_min, same.overlap) == (1, 1, 1)
    assert compare_vectors(corners[::-1], corners).cosine_mean == 0
    pictures, texts = np.eye(12, dtype=np.float32), np.eye(12, dtype=np.float32)[[0, 1, 2]]
    assert measure_recall(texts, pictures, [0, 1, 2]) == {"at_1": 100, "at_5": 100, "at_10": 100}
    assert measure_recall(texts, pictures, [0, 1, 5])["at_1"] == pytest.approx(66.7)
