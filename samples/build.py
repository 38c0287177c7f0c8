"""Draws the sample pictures anew: ``python -m samples.build``, with npm on the path.

Each product of ``catalogue.json`` names the emoji it shows (``source``), perhaps a ``tint``, and
its pictures, whose file names are the views drawn here. ``tint_hue`` (degrees) keeps the tint to
the parts of that hue: the mug turns red and the coffee stays coffee. Needs Pillow and numpy.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from samples.catalogue import FOLDER

PACKAGE = "@lobehub/fluent-emoji-3d@1.1.0"
PACKAGE_SHA256 = "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58"
SIDE = 256
MARGIN = 16
QUALITY = 80
TILT_DEGREES = 8
HUE_REACH = 35  # degrees to either side; wide enough for the shading of one material
HUE_FADE = 15  # degrees over which the tint then ends, so that no edge shows

TINTS = {
    "red": (212, 32, 40),
    "green": (52, 158, 76),
    "blue": (44, 92, 214),
    "yellow": (246, 206, 40),
    "black": (42, 42, 46),
    "white": (236, 236, 238),
}
"""The colour that the picture's middle tone becomes, as sRGB."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        emoji = fetch_emoji(Path(folder))
        for row in json.loads((FOLDER / "catalogue.json").read_text(encoding="utf-8")):
            draw(row, emoji)


def fetch_emoji(folder: Path) -> Path:
    """Downloads the package from the registry and returns the folder of its pictures."""
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)  # noqa: S603, S607
    [archive] = folder.glob("*.tgz")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != PACKAGE_SHA256:
        raise ValueError(f"{PACKAGE} is not the package these pictures were drawn from")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package" / "assets"


def draw(row: dict[str, Any], emoji: Path) -> None:
    picture = Image.open(emoji / f"{row['source']}.webp").convert("RGBA")
    if row["tint"]:
        picture = tint_picture(picture, TINTS[row["tint"]], hue=row["tint_hue"])
    for name in row["images"]:
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        flatten_on_white(VIEWS[path.stem](picture)).save(path, "WEBP", quality=QUALITY, method=6)


def tint_picture(
    picture: Image.Image, colour: tuple[int, int, int], *, hue: int | None
) -> Image.Image:
    """Keeps light and shade, and turns the middle tone into the colour."""
    pixels = np.asarray(picture, np.float32) / 255
    share = (
        np.ones(pixels.shape[:2], np.float32) if hue is None else measure_hue_match(picture, hue)
    )
    shade = pixels[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
    middle = np.clip(np.median(shade[(pixels[..., 3] > 0.5) & (share > 0.5)]), 0.2, 0.8)
    target = np.array(colour, np.float32) / 255
    dark = target * (shade / middle)[..., None]
    lightness = np.clip((shade - middle) / (1 - middle), 0, 1)[..., None]
    light = target + (1 - target) * lightness * 0.7
    tinted = np.where((shade < middle)[..., None], dark, light)
    pixels[..., :3] += (np.clip(tinted, 0, 1) - pixels[..., :3]) * share[..., None]
    return Image.fromarray(np.rint(pixels * 255).astype(np.uint8), "RGBA")


def measure_hue_match(picture: Image.Image, hue: int) -> NDArray[np.float32]:
    """Returns [height, width] from 0 to 1: how close each pixel's hue is."""
    hues = np.asarray(picture.convert("RGB").convert("HSV"), np.float32)[..., 0] * (360 / 256)
    away = np.abs((hues - hue + 180) % 360 - 180)
    near: NDArray[np.float32] = np.clip((HUE_REACH - away) / HUE_FADE + 1, 0, 1)
    return near


def flatten_on_white(picture: Image.Image) -> Image.Image:
    inner = SIDE - 2 * MARGIN
    fitted = ImageOps.contain(picture, (inner, inner), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (SIDE, SIDE), "white")
    canvas.alpha_composite(fitted, ((SIDE - fitted.width) // 2, (SIDE - fitted.height) // 2))
    return canvas.convert("RGB")


def _view_front(picture: Image.Image) -> Image.Image:
    return picture


def _view_side(picture: Image.Image) -> Image.Image:
    """Mirrors the picture and tilts it a little."""
    return ImageOps.mirror(picture).rotate(TILT_DEGREES, Image.Resampling.BICUBIC, expand=True)


VIEWS = {"front": _view_front, "side": _view_side}


if __name__ == "__main__":
    main()
