"""Brings a decoded picture to the tower's size, upright, by the manifest's resize rule.

``crop`` and ``squash`` follow the image processors of transformers, to the pixel
(tests/model_export/test_preprocessing.py). A big picture is first halved several times, which is
cheap (a JPEG is only decoded that far) and leaves at least twice the pixels needed; it is turned,
blended and padded at that size; then the manifest's filter makes the exact size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from shared_code.adapters.pictures.colours import blend_on_white, convert_to_eight_bit
from shared_code.adapters.pictures.upright import Turn, read_turn

if TYPE_CHECKING:
    from shared_code.adapters.clip.bundle import ImageSpec

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""

MIN_OVERSAMPLING = 2
"""Halving leaves at least this many times the pixels needed, each way, for the real filter."""

MAX_FRAMES = 64
"""A picture longer than this many frames is cropped before it is resized: a line of pixels, resized
whole, would take gigabytes. All others are resized whole, since only that equals transformers to
the bit: Pillow chooses by the sizes whether rows or columns go first."""

ROUNDING = 1e-6
"""In pixels. So little beyond an edge comes from arithmetic; a margin there would bleed into the
picture."""


@dataclass(frozen=True, slots=True)
class _ReducedPicture:
    """A halved picture. Halving an odd number of pixels leaves the last one only partly covered."""

    image: Image.Image
    box: Box
    """Where the picture lies in the image."""

    @property
    def size(self) -> tuple[float, float]:
        left, top, right, bottom = self.box
        return right - left, bottom - top

    def apply(self, turn: Turn) -> _ReducedPicture:
        image = self.image.transpose(turn.method)
        left, top, right, bottom = self.box
        if turn.swaps:
            left, top, right, bottom = top, left, bottom, right
        if turn.mirrors:
            left, right = image.width - right, image.width - left
        if turn.flips:
            top, bottom = image.height - bottom, image.height - top
        return _ReducedPicture(image, (left, top, right, bottom))


class FrameResizer:
    """Called with an opened picture; returns it in RGB and the manifest's size.

    Raises what decoders raise.
    """

    def __init__(self, spec: ImageSpec) -> None:
        self._frame = (spec.size[1], spec.size[0])
        self._rule = spec.resize
        self._filter = Image.Resampling[spec.interpolation.upper()]
        self._pad_color = spec.pad_color

    def __call__(self, picture: Image.Image) -> Image.Image:
        reduced = self._reduce(picture)
        turn = read_turn(picture)
        upright = reduced if turn is None else reduced.apply(turn)
        opaque = _ReducedPicture(blend_on_white(upright.image), upright.box)
        if self._rule == "squash":
            return self._resize_box(opaque.image, opaque.box)
        if self._rule == "crop":
            return self._crop(opaque)
        return self._pad(opaque)

    def _reduce(self, picture: Image.Image) -> _ReducedPicture:
        # the orientation is known only once the picture is loaded: allow for both
        ratio = min(self._ratio(picture.size), self._ratio(picture.size[::-1]))
        surplus = max(1.0, ratio / MIN_OVERSAMPLING)
        enough = (math.ceil(picture.width / surplus), math.ceil(picture.height / surplus))
        drafted = picture.draft(None, enough)
        picture.load()  # this turns a TIFF upright, and its metadata then says so
        plain = convert_to_eight_bit(picture)
        width, height = drafted[1][2:] if drafted else plain.size
        halves = int(self._ratio((width, height)) / MIN_OVERSAMPLING).bit_length() - 1
        factor = 2 ** max(0, halves)
        reduced = plain.reduce(factor) if factor > 1 else plain
        return _ReducedPicture(reduced, (0, 0, width / factor, height / factor))

    def _ratio(self, size: tuple[float, float]) -> float:
        """Returns how many pixels of the picture go into one of the frame, along a side."""
        ratios = (size[0] / self._frame[0], size[1] / self._frame[1])
        return max(ratios) if self._rule == "pad" else min(ratios)

    def _crop(self, picture: _ReducedPicture) -> Image.Image:
        """Scales the picture until its tighter side is the frame's, and returns the middle.

        As in transformers, both the other side and the position of the crop are rounded down.
        """
        (width, height), (across, down) = picture.size, self._frame
        if width * down <= height * across:
            full = across, max(down, int(across * height / width))
        else:
            full = max(across, int(down * width / height)), down
        x, y = (full[0] - across) // 2, (full[1] - down) // 2
        if full[0] <= MAX_FRAMES * across and full[1] <= MAX_FRAMES * down:
            resized = picture.image.resize(full, self._filter, picture.box)
            return resized.crop((x, y, x + across, y + down))
        x_scale, y_scale = width / full[0], height / full[1]
        left, top = picture.box[0] + x * x_scale, picture.box[1] + y * y_scale
        return self._resize_box(
            picture.image, (left, top, left + across * x_scale, top + down * y_scale)
        )

    def _pad(self, picture: _ReducedPicture) -> Image.Image:
        """Puts the picture in the middle of a canvas of the frame's shape, and scales that."""
        ratio = self._ratio(picture.size)
        width, height = self._frame[0] * ratio, self._frame[1] * ratio
        left = (picture.box[0] + picture.box[2] - width) / 2
        top = (picture.box[1] + picture.box[3] - height) / 2
        x = math.ceil(max(0.0, -left, left + width - picture.image.width) - ROUNDING)
        y = math.ceil(max(0.0, -top, top + height - picture.image.height) - ROUNDING)
        size = (picture.image.width + 2 * x, picture.image.height + 2 * y)
        canvas = Image.new("RGB", size, self._pad_color)
        canvas.paste(picture.image, (x, y))
        return self._resize_box(canvas, (left + x, top + y, left + x + width, top + y + height))

    def _resize_box(self, image: Image.Image, box: Box) -> Image.Image:
        left, top = max(0.0, box[0]), max(0.0, box[1])  # rounding may put an edge just outside
        right, bottom = min(image.width, box[2]), min(image.height, box[3])
        return image.resize(self._frame, self._filter, (left, top, right, bottom))
