"""Thumbnails of real files: upright, on white, of the first frame; hostile files are refused."""

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from shared_code.adapters.pictures.thumbnail import PillowThumbnailer
from shared_code.domain.errors import Unprocessable, UnsupportedImage
from tests.pictures import bomb, picture

MAKE = PillowThumbnailer(50_000_000)


def make_thumbnail(data, side=320):
    image = Image.open(io.BytesIO(MAKE(data, side)))
    assert image.format == "WEBP"
    assert not image.getexif()
    return image.convert("RGB")


def encode_image(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def is_near(pixel, expected, *, within=12):
    return all(abs(a - b) <= within for a, b in zip(pixel, expected, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_every_accepted_format(kind):
    image = make_thumbnail(picture("green", size=(1000, 500), kind=kind))
    assert image.size == (320, 160)
    assert is_near(image.getpixel((100, 100)), (30, 180, 60))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F", "CMYK"])
def test_every_mode(mode):
    kind = "TIFF" if mode in ("F", "CMYK", "I") else "PNG"
    assert make_thumbnail(encode_image(Image.new(mode, (700, 350)), kind)).size == (320, 160)


def make_halves(width=400, height=200):
    """Returns a picture that is red on the left and blue on the right."""
    image = Image.new("RGB", (width, height), (220, 30, 30))
    image.paste((30, 60, 210), (width // 2, 0, width, height))
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (320, 160), (10, 80)),
        (2, (320, 160), (310, 80)),
        (3, (320, 160), (310, 80)),
        (6, (160, 320), (80, 10)),
        (8, (160, 320), (80, 310)),
    ],
)
def test_the_exif_orientation_is_applied(kind, orientation, size, red_at):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = make_thumbnail(encode_image(make_halves(), kind, exif=exif))
    assert image.size == size
    assert is_near(image.getpixel(red_at), (220, 30, 30), within=25)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_is_no_obstacle():
    assert make_thumbnail(
        encode_image(make_halves(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    ).size == (320, 160)


def test_transparency_is_white():
    image = make_thumbnail(encode_image(Image.new("RGBA", (400, 200), (0, 0, 0, 0)), "PNG"))
    assert is_near(image.getpixel((100, 100)), (255, 255, 255))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation(kind):
    frames = [Image.new("RGB", (400, 200), colour) for colour in ("red", "blue")]
    data = encode_image(frames[0], kind, save_all=True, append_images=frames[1:])
    assert is_near(make_thumbnail(data).getpixel((50, 50)), (255, 0, 0), within=25)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 20_000)])
def test_extreme_shapes(size):
    image = make_thumbnail(picture(size=size))
    assert max(image.size) <= 320
    assert min(image.size) >= 1


@pytest.mark.parametrize("data", [bomb(), bomb(8_000, 7_000), picture()[:40]])
def test_what_is_too_large_or_damaged_is_refused_before_it_costs_anything(data):
    started = time.process_time()
    with pytest.raises(Unprocessable):
        MAKE(data, 320)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bomb(), r"has \d+ pixels; the limit is 50000000"),
        (picture()[:40], "cannot be decoded: its header is damaged"),
    ],
)
def test_the_refusal_says_why(data, why):
    with pytest.raises(Unprocessable, match=why):
        MAKE(data, 320)


@pytest.mark.parametrize(
    "data", [b"", b"text", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1"]
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(UnsupportedImage):
        MAKE(data, 320)


class CountingThumbnail(PillowThumbnailer):
    """Counts how many thumbnails are made at the same time."""

    def __init__(self):
        super().__init__(50_000_000)
        self.running = self.most = 0
        self.lock = threading.Lock()

    def _make_webp(self, opened, side):
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(0.01)
        with self.lock:
            self.running -= 1
        return super()._make_webp(opened, side)


def test_only_a_few_are_decoded_at_one_time():
    make = CountingThumbnail()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: make(picture(), 160), range(16)))
    assert make.most == 2
