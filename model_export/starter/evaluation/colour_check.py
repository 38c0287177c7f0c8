"""The controlled colour test: each object in eight colours that are its only difference."""

from __future__ import annotations

import colorsys
import random
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

from model_export.starter.arrays import Floats
from model_export.starter.evaluation.stamps import Stamp
from model_export.starter.image.pictures import flatten_on_white

SEED = 3
# hue in degrees, saturation, value
TINTS = {
    "red": (0, 0.85, 0.85),
    "orange": (28, 0.9, 0.95),
    "yellow": (54, 0.8, 0.97),
    "green": (120, 0.7, 0.6),
    "blue": (222, 0.8, 0.75),
    "purple": (282, 0.65, 0.6),
    "pink": (338, 0.42, 0.97),
    "brown": (24, 0.65, 0.45),
}
# stem of the stamp's file (a number may follow) -> what a customer would call it
OBJECTS = {
    "red_handbag": "handbag",
    "black_dress": "dress",
    "jacket": "jacket",
    "hikingboot": "boot",
    "bluejeans1": "jeans",
    "red_highheel": "high heel shoe",
    "bowtie": "bow tie",
    "tshirt": "t-shirt",
    "car": "car",
    "bus": "bus",
    "bicycle": "bicycle",
    "chair": "chair",
    "umbrella": "umbrella",
    "teapot": "teapot",
    "mug": "mug",
    "cup": "cup",
    "guitar": "guitar",
    "hat": "hat",
    "sock": "socks",
    "bell": "bell",
    "rose": "rose",
    "tulip": "tulip",
    "balloon": "balloon",
    "ball": "ball",
    "scissors": "scissors",
    "phone": "telephone",
    "lamp": "lamp",
    "kettle": "kettle",
    "motorcycle": "motorcycle",
    "truck": "truck",
}
_LUMA = np.array([0.3, 0.59, 0.11], np.float32)


@dataclass(frozen=True, slots=True)
class TintedPicture:
    query: str  # "red handbag"
    picture: Image.Image


def make_tinted_pictures(stamps: list[Stamp]) -> list[TintedPicture]:
    """Returns the first stamp of each object that the set has, in every tint. Seeded."""
    rng = random.Random(SEED)  # noqa: S311  # no secret depends on it
    return [
        TintedPicture(f"{colour} {noun}", tint(stamp.open(), hsv, rng))
        for stem, noun in OBJECTS.items()
        if (stamp := find_first_named(stamps, stem)) is not None
        for colour, hsv in TINTS.items()
    ]


def find_first_named(stamps: list[Stamp], stem: str) -> Stamp | None:
    pattern = re.compile(re.escape(stem) + r"[_0-9]*", re.IGNORECASE)
    return next((stamp for stamp in stamps if pattern.fullmatch(stamp.picture.stem)), None)


def tint(picture: Image.Image, hsv: tuple[float, float, float], rng: random.Random) -> Image.Image:
    """Returns the picture's light and shade in one colour, on white."""
    rgb = np.asarray(np.asarray(flatten_on_white(picture)) / 255, np.float32)
    inked = np.abs(rgb - 1).max(-1, keepdims=True)
    shade = _stretch_shade(rgb, inked[..., 0] > 0.05)[..., None]
    ink = _jitter_colour(hsv, rng) * (0.45 + 0.55 * shade) + 0.12 * shade**3
    opacity = np.clip(inked / 0.06, 0, 1)
    blended = np.clip(ink * opacity + 1 - opacity, 0, 1)
    return Image.fromarray((255 * blended).astype(np.uint8))


def _stretch_shade(rgb: Floats, is_ink: np.ndarray) -> Floats:
    """Returns [h, w] in 0..1: brightness between the ink's 5th and 95th percentile."""
    brightness = rgb @ _LUMA
    low, high = np.percentile(brightness[is_ink], [5, 95]) if is_ink.any() else (0.0, 1.0)
    return np.asarray(np.clip((brightness - low) / (high - low + 1e-3), 0, 1), np.float32)


def _jitter_colour(hsv: tuple[float, float, float], rng: random.Random) -> Floats:
    """Returns sRGB [3] that is a little off the tint, as real products are."""
    hue, saturation, value = hsv
    rgb = colorsys.hsv_to_rgb(
        (hue + rng.uniform(-6, 6)) % 360 / 360,
        min(1, saturation * rng.uniform(0.85, 1.1)),
        min(1, value * rng.uniform(0.85, 1.05)),
    )
    return np.array(rgb, np.float32)
