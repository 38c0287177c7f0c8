"""Turns pictures into `pixel_values`: alpha on white, pad to a square, resize, normalise."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from model_export.starter.arrays import Floats

SIZE = 224
WHITE = (255, 255, 255)
# CLIP's own statistics (preprocessor_config.json of openai/clip-vit-base-patch32), so that both
# models normalise alike
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
_FIRST_PICTOGRAPH = 0x1F300  # below it are arrows, letters, regional indicators and old symbols
_SKIN_TONES = {"1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"}


def flatten_on_white(picture: Image.Image) -> Image.Image:
    """Returns RGB, with transparency laid over white."""
    rgba = picture.convert("RGBA")
    background = Image.new("RGBA", rgba.size, (*WHITE, 255))
    return Image.alpha_composite(background, rgba).convert("RGB")


def pad_to_square(picture: Image.Image) -> Image.Image:
    """Centres the whole picture in a white square; a centre crop would cut products off."""
    side = max(picture.size)
    square = Image.new("RGB", (side, side), WHITE)
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def compute_pixel_values(pictures: list[Image.Image]) -> Floats:
    """Returns [n, 3, 224, 224], CLIP-normalised."""
    squares = [pad_to_square(flatten_on_white(picture)) for picture in pictures]
    resized = [square.resize((SIZE, SIZE), Image.Resampling.BICUBIC) for square in squares]
    values = np.stack([np.asarray(square, np.float32) for square in resized]) / 255
    normalised = (values - np.array(CLIP_MEAN, np.float32)) / np.array(CLIP_STD, np.float32)
    return np.ascontiguousarray(normalised.transpose(0, 3, 1, 2), np.float32)


def read_emoji(archive: Path) -> Iterator[Image.Image]:
    """Yields the npm archive's pictographs in name order, without skin tones and sequences."""
    with tarfile.open(archive) as package:
        for member in sorted(package.getmembers(), key=lambda member: member.name):
            stream = package.extractfile(member) if is_plain_pictograph(member.name) else None
            if stream is not None:
                yield Image.open(stream).copy()


def is_plain_pictograph(member_name: str) -> bool:
    """Returns True for 'package/assets/1f460.webp': the stem is the code points of the emoji."""
    path = Path(member_name)
    if path.suffix != ".webp":
        return False
    points = path.stem.split("-")
    return (
        int(points[0], 16) >= _FIRST_PICTOGRAPH
        and "200d" not in points
        and not _SKIN_TONES & set(points)
    )
