"""Makes the image tower's input of a picture: resized by Pillow, normalised by numpy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import ImageOps

from shared_code.adapters.clip.resize import FrameResizer
from shared_code.adapters.pictures.decoding import PictureDecoder

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from shared_code.adapters.clip.bundle import ImageSpec
    from shared_code.domain.products import ImageBytes, Region


class Preprocess:
    """Bytes -> float32 [3, height, width], normalised as the manifest says.

    Raises UnsupportedImage when the content is no accepted format, Unprocessable when it is
    one but cannot be decoded or has over ``max_pixels`` pixels.
    """

    def __init__(self, spec: ImageSpec, *, max_pixels: int) -> None:
        self._resize = FrameResizer(spec)
        self._decoder = PictureDecoder(max_pixels)
        std = np.array(spec.std, np.float32)[:, None, None]
        self._scale = 1 / (255 * std)
        self._shift = -np.array(spec.mean, np.float32)[:, None, None] / std

    def __call__(self, data: ImageBytes, region: Region | None = None) -> NDArray[np.float32]:
        with self._decoder.open(data) as picture:
            resized = self._resize(picture if region is None else _crop_region(picture, region))
        return self._normalise(resized)

    def _normalise(self, picture: Image.Image) -> NDArray[np.float32]:
        pixels = np.array(picture, dtype=np.float32, order="C").transpose(2, 0, 1)
        planes = np.ascontiguousarray(pixels)
        planes *= self._scale
        planes += self._shift
        return planes


def _crop_region(picture: Image.Image, region: Region) -> Image.Image:
    """Cuts out at least one pixel. The picture is decoded in full size, since a region of it may be
    small."""
    upright = ImageOps.exif_transpose(picture)
    left, top = region.x * upright.width, region.y * upright.height
    right, bottom = left + region.width * upright.width, top + region.height * upright.height
    box = (math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    return upright.crop((box[0], box[1], min(box[2], upright.width), min(box[3], upright.height)))
