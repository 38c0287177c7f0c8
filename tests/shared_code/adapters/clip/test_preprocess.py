"""Every kind of picture that a shop may send is decoded, and other files are refused."""

import numpy as np
import pytest
from PIL import Image

from shared_code.adapters.clip.preprocess import Preprocess
from shared_code.adapters.pictures.formats import detect_picture_format
from shared_code.domain.errors import UnsupportedImage
from tests.pictures import picture
from tests.preprocessing import (
    FORMATS,
    LIMIT,
    assert_close,
    decode,
    each_format,
    encode_image,
    make_quarters,
    spec,
)


@each_format
def test_every_accepted_format_is_recognised_by_content_and_decoded(kind):
    data = picture("blue", size=(40, 40), kind=kind)
    format_ = detect_picture_format(data)
    assert (format_.mime, format_.extension) == FORMATS[kind]
    assert_close(decode(data).mean(axis=(0, 1)), (30, 60, 210))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"red dress",
        b"BMW 320i, as new",
        b"%PDF-1.7 ...",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        picture(kind="ICO"),
        picture(kind="PPM"),
        b"%!PS-Adobe-3.0 EPSF-3.0",
    ],
)
def test_anything_else_is_refused_whatever_its_name(data):
    for call in (detect_picture_format, decode):
        with pytest.raises(UnsupportedImage, match="JPEG, PNG"):
            call(data)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("1", "TIFF"),
        ("L", "JPEG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("LA", "TIFF"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("RGB", "JPEG"),
        ("RGBA", "PNG"),
        ("RGBA", "WEBP"),
        ("RGBA", "TIFF"),
        ("RGBX", "TIFF"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("YCbCr", "TIFF"),
        ("LAB", "TIFF"),
    ],
)
def test_every_mode_looks_as_it_should(mode, kind):
    white = Image.new("LAB", (40, 40), (255, 128, 128)) if mode == "LAB" else None
    image = white or Image.new("RGB", (40, 40), "white").convert(mode)
    assert_close(decode(encode_image(image, kind)), 255, by=3)


@pytest.mark.parametrize(("mode", "kind"), [("I;16", "PNG"), ("I;16", "TIFF"), ("I;16B", "TIFF")])
def test_sixteen_bit_grey_keeps_its_brightness(mode, kind):
    values = np.full((40, 40), 0x8000, ">u2" if mode == "I;16B" else "<u2")
    image = Image.frombytes(mode, (40, 40), values.tobytes())
    assert_close(decode(encode_image(image, kind)), 128, by=1)


@pytest.mark.parametrize(("mode", "kind"), [("I", "TIFF"), ("F", "TIFF")])
def test_grey_without_a_fixed_scale_is_stretched(mode, kind):
    ramp = np.linspace(-1000, 70_000, 40 * 40).reshape(40, 40)
    image = Image.fromarray(ramp.astype(np.int32 if mode == "I" else np.float32))
    pixels = decode(encode_image(image, kind))
    assert pixels[0].mean() < 12
    assert pixels[-1].mean() > 243


def test_a_float_picture_with_gaps_is_decoded():
    ramp = np.linspace(0, 1, 1600, dtype=np.float32).reshape(40, 40)
    ramp[3, 3] = np.nan
    ramp[4, 4] = np.inf
    assert decode(encode_image(Image.fromarray(ramp), "TIFF"))[-1].mean() > 230


def make_transparent(kind, mode="RGBA"):
    """Returns a picture that is red on the left, and transparent over black on the right."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 32, 64))
    if mode == "P":
        flat = Image.new("P", (64, 64), 1)
        flat.putpalette([255, 0, 0, 0, 0, 0])
        flat.paste(0, (0, 0, 32, 64))
        return encode_image(flat, kind, transparency=1)
    return encode_image(image, kind, **({"lossless": True} if kind == "WEBP" else {}))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "P"), ("GIF", "P"), ("WEBP", "RGBA"), ("TIFF", "RGBA")],
)
def test_what_is_transparent_is_white(kind, mode):
    pixels = decode(make_transparent(kind, mode))
    assert_close(pixels[:, :12], (255, 0, 0))
    assert_close(pixels[:, 20:], 255)


def test_half_transparent_grey_is_blended():
    assert_close(decode(encode_image(Image.new("LA", (40, 40), (0, 128)))), 127, by=2)


def test_a_transparent_colour_of_an_rgb_png_is_white():
    data = encode_image(Image.new("RGB", (40, 40), (1, 2, 3)), transparency=(1, 2, 3))
    assert_close(decode(data), 255, by=1)


def test_damaged_metadata_does_not_spoil_a_sound_picture(recwarn):
    data = encode_image(make_quarters(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\xff\xff")
    assert_close(decode(data)[4, 4], (254, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 77
    assert_close(decode(encode_image(make_quarters(), "JPEG", exif=exif))[4, 4], (254, 0, 0))


def test_the_first_frame_of_an_animation_counts():
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "lime", "blue")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = encode_image(frames[0], kind, save_all=True, append_images=frames[1:])
        assert_close(decode(data), (255, 0, 0))


def test_a_two_picture_jpeg_of_a_phone_is_a_jpeg():
    data = encode_image(make_quarters(), "MPO", save_all=True, append_images=[make_quarters()])
    assert detect_picture_format(data).extension == "jpg"
    assert_close(decode(data)[4, 4], (254, 0, 0))


def test_mean_and_std_are_applied_per_channel():
    planes = Preprocess(spec(mean=(0.5, 0.0, 1.0), std=(0.5, 1.0, 2.0)), max_pixels=LIMIT)(
        encode_image(Image.new("RGB", (40, 40), "white"))
    )
    assert planes.mean(axis=(1, 2)).tolist() == pytest.approx([1.0, 1.0, 0.0], abs=1e-5)
