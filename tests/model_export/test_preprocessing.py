"""What a tower sees of a picture is what transformers' own image processor would show it.

Both sides read one preprocessor_config.json. Up to four times the tower's size, the pixels are
equal; larger pictures are decoded the short way, and what that changes is told in grey levels
and by two towers: the starter's, which is trained, and a random ViT-B/32.
"""

import functools
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from PIL import Image, ImageOps

from model_export.files import Checkout
from model_export.made_up import randomise
from model_export.towers.preprocessing import preprocessing
from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.adapters.clip.preprocess import Preprocess
from shared_code.settings import Settings
from tests.decoding import LIMIT, saved, spec
from tests.model_export.photos import (
    LARGER,
    PHOTOS,
    contact_sheet,
    enlarged,
    photo,
    photo_bytes,
)

EQUAL = 0.01
"""Grey levels: pixels are whole ones, so this leaves room for float32 alone."""

ALIKE = 0.999
"""Cosine of the embeddings."""

_CLIP = {
    "crop_size": 224,
    "do_center_crop": True,
    "do_normalize": True,
    "do_resize": True,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "resample": 3,
    "size": 224,
}
_SIGLIP = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "resample": 3,
    "rescale_factor": 1 / 255,
    "size": {"height": 224, "width": 224},
}
CHECKPOINTS = {
    "clip-vit-base-patch32": (_CLIP, 224),
    "clip-vit-large-patch14-336": ({**_CLIP, "crop_size": 336, "size": 336}, 336),
    "siglip-base-patch16-224": (_SIGLIP, 224),
    "siglip2-base-patch16-256": (
        {**_SIGLIP, "resample": 2, "size": {"height": 256, "width": 256}},
        256,
    ),
}


class Both:
    """A checkpoint's preprocessing, theirs and ours. Pictures are float32 [3, side, side]."""

    def __init__(self, name, folder):
        facts, side = CHECKPOINTS[name]
        (folder / "preprocessor_config.json").write_text(json.dumps(facts))
        clip = name.startswith("clip")
        kind = transformers.CLIPImageProcessorPil if clip else transformers.SiglipImageProcessorPil
        self.processor = kind.from_pretrained(folder)
        read = preprocessing(Checkout(folder, name, "local folder", "none"), side)
        self.side = side
        self.spec = spec(
            read.resize,
            size=(side, side),
            interpolation=read.interpolation,
            mean=read.mean,
            std=read.std,
        )

    def ours(self, data):
        return Preprocess(self.spec, max_pixels=LIMIT)(data)

    def theirs(self, picture):
        found = self.processor(picture, return_tensors="np")["pixel_values"][0]
        return found.astype(np.float32)

    def levels(self, ours, theirs):
        """How far apart two inputs are, in grey levels of the picture."""
        std = np.array(self.spec.std, np.float32)[:, None, None]
        return np.abs(ours - theirs) * std * 255

    def check_equal(self, data, picture):
        ours, theirs = self.ours(data), self.theirs(picture)
        assert self.levels(ours, theirs).max() <= EQUAL
        assert min(self.cosines(ours, theirs)) >= ALIKE

    def cosines(self, ours, theirs):
        """Of what each tower that takes this size makes of the two."""
        towers = [random_tower(self.side)]
        if self.side == 224:
            towers.append(starter().encode_images)
        for tower in towers:
            first, second = tower([ours, theirs])
            yield float(first @ second)


@pytest.fixture(params=CHECKPOINTS)
def both(request, tmp_path):
    return Both(request.param, tmp_path)


@functools.cache
def starter():
    return ClipEncoder.from_settings(Settings())


@functools.cache
def random_tower(side):
    config = transformers.CLIPVisionConfig(image_size=side)  # else as ViT-B/32
    model = transformers.CLIPVisionModelWithProjection(config).eval()
    randomise(model)

    def vectors(pictures):
        with torch.inference_mode():
            found = model(torch.from_numpy(np.stack(pictures))).image_embeds
        return torch.nn.functional.normalize(found, dim=-1).numpy()

    return vectors


def opened(data):
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photograph_gives_the_same_pixels(name, both):
    data = photo_bytes(name)
    both.check_equal(data, opened(data))


def transparent(picture):
    """Fading out from top to bottom."""
    seen = picture.copy()
    seen.putalpha(Image.linear_gradient("L").resize(picture.size))
    return seen


def animated(picture, kind):
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
    "animated GIF": lambda p: animated(p, "GIF"),
    "animated WebP": lambda p: animated(p, "WEBP"),
    "BMP": lambda p: saved(p, "BMP"),
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_however_it_is_stored(stored, both):
    data = stored(photo("coffee.png"))
    both.check_equal(data, opened(data))


SHAPES = [(1000, 20), (20, 1000), (600, 1), (1, 600), (1, 1), (3, 7), (225, 223), (300, 451)]


@pytest.mark.parametrize("size", SHAPES)
def test_whatever_its_shape(size, both):
    data = saved(photo("astronaut.png").resize(size))
    both.check_equal(data, opened(data))


def test_a_line_is_cut_before_it_is_resized_and_hardly_differs(both):
    for size in ((1500, 15), (15, 1500)):
        data = saved(photo("astronaut.png").resize(size))
        ours, theirs = both.ours(data), both.theirs(opened(data))
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
        assert both.levels(both.ours(data), both.theirs(opened(data))).max() <= EQUAL, (
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
    upright = ImageOps.exif_transpose(opened(data)).convert("RGB")
    ours = both.ours(data)
    assert both.levels(ours, both.theirs(upright)).max() <= EQUAL
    if kind != "TIFF":  # which Pillow itself turns, for transformers too
        assert both.levels(ours, both.theirs(opened(data))).mean() > 5


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled(kind, both):
    """On purpose not as transformers, which clips: all but the darkest 256th is white."""
    grey = photo("coffee.png").convert("L")
    data = saved(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), kind)
    both.check_equal(data, grey)
    clipped = both.theirs(opened(data))
    assert clipped.std(axis=(1, 2)).max() < both.ours(data).std(axis=(1, 2)).min() / 2
    assert both.levels(both.ours(data), clipped).mean() > 100


@pytest.mark.parametrize("mode", ["I", "F"])
def test_grey_without_a_fixed_scale_is_stretched(mode, both):
    """On purpose not as transformers, which clips at 0 and 255."""
    grey = ImageOps.autocontrast(photo("coffee.png").convert("L"))
    values = np.asarray(grey).astype(np.int32 if mode == "I" else np.float32) * 1000 - 7000
    data = saved(Image.fromarray(values), "TIFF")
    both.check_equal(data, grey)
    assert both.levels(both.ours(data), both.theirs(opened(data))).mean() > 50


LARGE = {
    "1411 pixels": lambda: photo_bytes(LARGER),
    "sheet": lambda: saved(contact_sheet(4000, 3000), "JPEG", quality=90),
    "sheet, odd": lambda: saved(contact_sheet(3001, 3997), "JPEG", quality=90),
    "sheet, PNG": lambda: saved(contact_sheet(2999, 2001), compress_level=1),
    **{
        f"{name} enlarged": functools.partial(
            lambda name: saved(enlarged(name, 4032, 3024), "JPEG", quality=90), name
        )
        for name in ("astronaut.png", "hubble_deep_field.jpg", "rocket.jpg")
    },
}


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
def test_the_short_way_of_a_large_photograph_shows_the_towers_the_same(large, both):
    """JPEGs are decoded at a part of their size; the 12 megapixels are never there."""
    data = large()
    ours, theirs = both.ours(data), both.theirs(opened(data))
    levels = both.levels(ours, theirs)
    assert levels.mean() < 0.5
    assert np.quantile(levels, 0.999) <= 5
    assert min(both.cosines(ours, theirs)) >= ALIKE


def test_the_measures_tell_small_things_apart(both):
    """A crop one pixel aside, another filter and another photograph: none would pass."""
    picture = photo("astronaut.png")
    data = saved(picture)
    right = both.theirs(picture)
    aside = both.ours(saved(picture.crop((2, 0, *picture.size))))
    assert both.levels(aside, right).max() > 10
    both.spec = replace(both.spec, interpolation="nearest")
    assert both.levels(both.ours(data), right).max() > 10
    assert max(both.cosines(both.ours(data), right)) < ALIKE
    assert max(both.cosines(both.theirs(photo("rocket.jpg")), right)) < 0.9
