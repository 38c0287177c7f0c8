"""Pictures are preprocessed as transformers' own image processor does it.

Both sides read one preprocessor_config.json. Up to four times the tower's size, the pixels are
equal; larger pictures are decoded the short way, and what that changes is told in grey levels
and by two towers: the starter's, which is trained, and a random ViT-B/32.
"""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from shared_code.adapters.clip.preprocess import Preprocess
from tests.model_export.photos import (
    LARGER,
    PHOTOS,
    contact_sheet,
    enlarge_photo,
    photo,
    photo_bytes,
)
from tests.model_export.side_by_side import CHECKPOINTS, EQUAL, Both
from tests.preprocessing import LIMIT
from tests.preprocessing import encode_image as saved

ALIKE = 0.999
"""Cosine of the embeddings."""

NEAR = 0.998
"""The same where the short way was taken; seen here: 0.9993 and more."""


@pytest.fixture(params=CHECKPOINTS)
def both(request, tmp_path):
    return Both(request.param, tmp_path)


def open_image(data):
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photograph_gives_the_same_pixels(name, both):
    data = photo_bytes(name)
    both.check_equal(data, open_image(data))
    assert min(both.cosines(both.ours(data), both.theirs(open_image(data)))) >= ALIKE


def transparent(picture):
    """Fading out from top to bottom."""
    faded = picture.copy()
    faded.putalpha(Image.linear_gradient("L").resize(picture.size))
    return faded


def save_animation(picture, kind):
    others = [ImageOps.mirror(picture), ImageOps.invert(picture)]
    return saved(picture, kind, save_all=True, append_images=others)


STORED = {
    "RGBA": lambda p: saved(transparent(p)),
    "RGBA WebP": lambda p: saved(transparent(p), "WEBP"),
    "grey with alpha": lambda p: saved(transparent(p).convert("LA")),
    "palette": lambda p: saved(p.quantize(64)),
    "palette with a transparent colour": lambda p: saved(p.quantize(8), transparency=3),
    "RGB with a transparent colour": lambda p: saved(p, transparency=p.getpixel((9, 9))),
    "grey": lambda p: saved(p.convert("L"), "JPEG"),
    "black and white": lambda p: saved(p.convert("1")),
    "CMYK JPEG": lambda p: saved(p.convert("CMYK"), "JPEG", quality=90),
    "CMYK TIFF": lambda p: saved(p.convert("CMYK"), "TIFF"),
    "YCbCr TIFF": lambda p: saved(p.convert("YCbCr"), "TIFF"),
    "progressive JPEG": lambda p: saved(p, "JPEG", progressive=True, quality=80),
    "GIF": lambda p: saved(p, "GIF"),
    "animated GIF": lambda p: save_animation(p, "GIF"),
    "animated WebP": lambda p: save_animation(p, "WEBP"),
    "BMP": lambda p: saved(p, "BMP"),
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_however_it_is_stored(stored, both):
    data = stored(photo("coffee.png"))
    both.check_equal(data, open_image(data))


SHAPES = [(1000, 20), (20, 1000), (600, 1), (1, 600), (1, 1), (3, 7), (225, 223), (300, 451)]


@pytest.mark.parametrize("size", SHAPES)
def test_whatever_its_shape(size, both):
    data = saved(photo("astronaut.png").resize(size))
    both.check_equal(data, open_image(data))


def test_a_line_is_cut_before_it_is_resized_and_hardly_differs(both):
    for size in ((1500, 15), (15, 1500)):
        data = saved(photo("astronaut.png").resize(size))
        ours, theirs = both.ours(data), both.theirs(open_image(data))
        assert both.levels(ours, theirs).max() <= 4
        assert min(both.cosines(ours, theirs)) >= ALIKE


@pytest.mark.parametrize("seed", range(3))
def test_crops_of_any_size_are_those_of_transformers(seed, tmp_path):
    """Which pixels a centre crop takes hangs on how its numbers are rounded."""
    both = Both("clip-vit-base-patch32", tmp_path)
    random = np.random.default_rng(seed)
    source = photo("motorcycle_left.png")
    for width, height in random.integers(30, 500, (40, 2)).tolist():
        data = saved(source.crop((0, 0, width, height)))
        assert both.levels(both.ours(data), both.theirs(open_image(data))).max() <= EQUAL, (
            width,
            height,
        )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_photograph_is_seen_upright(orientation, kind, both):
    """On purpose not as transformers, which shows the tower a picture as it lies."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(photo("chelsea.png"), kind, exif=exif)
    upright = ImageOps.exif_transpose(open_image(data)).convert("RGB")
    ours = both.ours(data)
    assert both.levels(ours, both.theirs(upright)).max() <= EQUAL
    if kind != "TIFF":  # which Pillow itself turns, for transformers too
        assert both.levels(ours, both.theirs(open_image(data))).mean() > 5


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled(kind, both):
    """On purpose not as transformers, which clips: all but the darkest 256th is white."""
    grey = photo("coffee.png").convert("L")
    data = saved(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), kind)
    both.check_equal(data, grey)
    clipped = both.theirs(open_image(data))
    assert clipped.std(axis=(1, 2)).max() < both.ours(data).std(axis=(1, 2)).min() / 2
    assert both.levels(both.ours(data), clipped).mean() > 100


@pytest.mark.parametrize("mode", ["I", "F"])
def test_grey_without_a_fixed_scale_is_stretched(mode, both):
    """On purpose not as transformers, which clips at 0 and 255."""
    grey = ImageOps.autocontrast(photo("coffee.png").convert("L"))
    values = np.asarray(grey).astype(np.int32 if mode == "I" else np.float32) * 1000 - 7000
    data = saved(Image.fromarray(values), "TIFF")
    both.check_equal(data, grey)
    assert both.levels(both.ours(data), both.theirs(open_image(data))).mean() > 50


LARGE = {
    "1411 pixels": lambda: photo_bytes(LARGER),
    "sheet": lambda: saved(contact_sheet(4000, 3000), "JPEG", quality=90),
    "sheet, odd": lambda: saved(contact_sheet(3001, 3997), "JPEG", quality=90),
    "sheet, PNG": lambda: saved(contact_sheet(2999, 2001), compress_level=1),
    "astronaut": lambda: saved(enlarge_photo("astronaut.png", 4032, 3024), "JPEG", quality=90),
    "rocket": lambda: saved(enlarge_photo("rocket.jpg", 4032, 3024), "JPEG", quality=90),
}


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("name", ["clip-vit-base-patch32", "siglip-base-patch16-224"])
def test_the_short_way_of_a_large_photograph_shows_the_towers_the_same(large, name, tmp_path):
    """JPEGs are decoded at a part of their size; the 12 megapixels are never there."""
    both, data = Both(name, tmp_path), large()
    ours, theirs = both.ours(data), both.theirs(open_image(data))
    levels = both.levels(ours, theirs)
    assert levels.mean() < 0.7
    assert np.quantile(levels, 0.999) <= 6.1
    assert min(both.cosines(ours, theirs)) >= NEAR


def test_the_measures_tell_small_things_apart(both):
    """A crop one pixel aside, another filter and another photograph: none would pass."""
    picture = photo("astronaut.png")
    data = saved(picture)
    right = both.theirs(picture)
    aside = both.ours(saved(picture.crop((2, 0, *picture.size))))
    assert both.levels(aside, right).max() > 10
    assert max(both.cosines(both.theirs(photo("rocket.jpg")), right)) < 0.9
    nearest = Preprocess(replace(both.spec, interpolation="nearest"), max_pixels=LIMIT)(data)
    assert both.levels(nearest, right).max() > 10
    if both.side == 224:
        assert max(both.cosines(nearest, right)) < ALIKE
