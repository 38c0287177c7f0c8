"""A decoded picture, upright and of the tower's size, by the manifest's resize rule.

``crop`` and ``squash`` follow the image processors of transformers, to the pixel
(tests/model_export/test_preprocessing.py). Big pictures are first made small by halves, which is
cheap (a JPEG is only decoded that far) and leaves at least twice the pixels wanted; turning,
blending and padding are done on that; then the manifest's filter makes the exact size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from shared_code.adapters.pictures.colours import eight_bit, on_white
from shared_code.adapters.pictures.upright import Turn, read_turn

if TYPE_CHECKING:
    from shared_code.adapters.clip.bundle import ImageSpec

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""

SPARE = 2
"""Shortcuts keep at least this many times the pixels wanted, each way, for the real filter."""

LONGEST = 64
"""In frames. What is longer is cropped first: a line, resized whole, would be gigabytes. The
rest is resized whole, which alone equals transformers to the bit: Pillow chooses by the sizes
whether rows or columns go first."""

ROUNDING = 1e-6
"""Pixels. So little beyond an edge is arithmetic; a margin there would bleed into the picture."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A picture made small: halved, an odd number of pixels ends within the last one."""

    image: Image.Image
    box: Box
    """Where the picture lies in the image."""

    @property
    def size(self) -> tuple[float, float]:
        left, top, right, bottom = self.box
        return right - left, bottom - top

    def turned(self, turn: Turn) -> _Drawn:
        image = self.image.transpose(turn.method)
        left, top, right, bottom = self.box
        if turn.swaps:
            left, top, right, bottom = top, left, bottom, right
        if turn.mirrors:
            left, right = image.width - right, image.width - left
        if turn.flips:
            top, bottom = image.height - bottom, image.height - top
        return _Drawn(image, (left, top, right, bottom))


class Fit:
    """An opened picture -> RGB of the manifest's size. Raises what decoders raise."""

    def __init__(self, spec: ImageSpec) -> None:
        self._frame = (spec.size[1], spec.size[0])
        self._rule = spec.resize
        self._filter = Image.Resampling[spec.interpolation.upper()]
        self._pad_color = spec.pad_color

    def __call__(self, picture: Image.Image) -> Image.Image:
        drawn = self._drawn(picture)
        turn = read_turn(picture)
        upright = drawn if turn is None else drawn.turned(turn)
        seen = _Drawn(on_white(upright.image), upright.box)
        if self._rule == "squash":
            return self._resized(seen.image, seen.box)
        if self._rule == "crop":
            return self._cropped(seen)
        return self._padded(seen)

    def _drawn(self, picture: Image.Image) -> _Drawn:
        # how the picture stands is known once it is loaded: prepare for either way
        ratio = min(self._ratio(picture.size), self._ratio(picture.size[::-1]))
        spare = max(1.0, ratio / SPARE)
        enough = (math.ceil(picture.width / spare), math.ceil(picture.height / spare))
        drafted = picture.draft(None, enough)
        picture.load()  # a TIFF is turned by this, and then says so
        plain = eight_bit(picture)
        width, height = drafted[1][2:] if drafted else plain.size
        halves = int(self._ratio((width, height)) / SPARE).bit_length() - 1
        by = 2 ** max(0, halves)
        small = plain.reduce(by) if by > 1 else plain
        return _Drawn(small, (0, 0, width / by, height / by))

    def _ratio(self, size: tuple[float, float]) -> float:
        """The picture's pixels per pixel of the frame."""
        ratios = (size[0] / self._frame[0], size[1] / self._frame[1])
        return max(ratios) if self._rule == "pad" else min(ratios)

    def _cropped(self, seen: _Drawn) -> Image.Image:
        """The middle of the picture whose tight side was made the frame's.

        As in transformers, both the other side and the crop's place are rounded down.
        """
        (width, height), (across, down) = seen.size, self._frame
        if width * down <= height * across:
            whole = across, max(down, int(across * height / width))
        else:
            whole = max(across, int(down * width / height)), down
        x, y = (whole[0] - across) // 2, (whole[1] - down) // 2
        if whole[0] <= LONGEST * across and whole[1] <= LONGEST * down:
            resized = seen.image.resize(whole, self._filter, seen.box)
            return resized.crop((x, y, x + across, y + down))
        per_x, per_y = width / whole[0], height / whole[1]
        left, top = seen.box[0] + x * per_x, seen.box[1] + y * per_y
        return self._resized(seen.image, (left, top, left + across * per_x, top + down * per_y))

    def _padded(self, seen: _Drawn) -> Image.Image:
        """The picture in the middle of a canvas of the frame's shape."""
        ratio = self._ratio(seen.size)
        width, height = self._frame[0] * ratio, self._frame[1] * ratio
        left = (seen.box[0] + seen.box[2] - width) / 2
        top = (seen.box[1] + seen.box[3] - height) / 2
        x = math.ceil(max(0.0, -left, left + width - seen.image.width) - ROUNDING)
        y = math.ceil(max(0.0, -top, top + height - seen.image.height) - ROUNDING)
        size = (seen.image.width + 2 * x, seen.image.height + 2 * y)
        canvas = Image.new("RGB", size, self._pad_color)
        canvas.paste(seen.image, (x, y))
        return self._resized(canvas, (left + x, top + y, left + x + width, top + y + height))

    def _resized(self, image: Image.Image, box: Box) -> Image.Image:
        left, top = max(0.0, box[0]), max(0.0, box[1])  # rounding may put it just outside
        right, bottom = min(image.width, box[2]), min(image.height, box[3])
        return image.resize(self._frame, self._filter, (left, top, right, bottom))
