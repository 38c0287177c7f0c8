"""Takes the pictures of the dashboard for the README and docs/dashboard.md: ``make screenshots``.

They show real searches on the samples with the starter model, in the browser that the tests use.
Colours are reduced to a palette, so that the pictures stay small in the repository.
"""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from devhost import ROOT
from tests.browser.chromium import running_chromium
from tests.host import Host, eventually

OUT = ROOT / "docs" / "images"
SAMPLES = ROOT / "samples" / "images"
MAX_BYTES = 400_000
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 780}


def show_words(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#/search?q=blue shoes for running")


def show_picture_and_words(page: Page) -> None:
    page.locator(".composer input[type=file]").first.set_input_files(
        SAMPLES / "red-dress" / "front.webp"
    )
    page.locator(".query-pictures li").wait_for()
    page.locator("#q").fill("but blue")
    page.locator("#q").press("Enter")
    page.locator(".composer .weight").wait_for()


def show_product(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#/search?q=brown leather bag")
    wait_until_shown(page)
    page.locator("button.open").first.click()
    page.locator("dialog.details").wait_for()


def show_upload(page: Page) -> None:
    page.locator("nav [data-view=upload]").click()
    product_ids = ["teddy-bear", "green-dress", "cactus"]
    files = [
        {"name": f"{name}.webp", "mimeType": "image/webp", "buffer": read_picture(name)}
        for name in product_ids
    ]
    page.set_input_files("#upload-files", files)
    page.locator(".drafts > li").nth(2).wait_for()


def show_status(page: Page) -> None:
    page.locator("nav [data-view=status]").click()
    page.locator("[data-part='status.timings'] dl").wait_for()


def read_picture(product_id: str) -> bytes:
    return next((SAMPLES / product_id).glob("*.webp")).read_bytes()


SHOTS: dict[str, tuple[Callable[[Page], None], dict[str, int], str]] = {
    "search-words": (show_words, WIDE, "light"),
    "search-picture": (show_picture_and_words, WIDE, "dark"),
    "product": (show_product, WIDE, "light"),
    "phone": (show_words, PHONE, "dark"),
    "add": (show_upload, WIDE, "light"),
    "status": (show_status, WIDE, "light"),
}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_chromium() as chromium:
        host = Host(Path(folder), module="devhost.start")
        try:
            eventually(lambda: "Ready after" in host.log.read_text(), "samples", seconds=300)
            for name, (arrange, size, scheme) in SHOTS.items():
                page = chromium.browser.new_page(
                    viewport=size,
                    color_scheme=scheme,
                    locale="en-GB",
                    reduced_motion="reduce",
                    has_touch=size is PHONE,
                    is_mobile=size is PHONE,
                    device_scale_factor=2 if size is PHONE else 1,
                )
                page.goto(f"{host.url}/api/dashboard")
                wait_until_shown(page)
                arrange(page)
                wait_until_shown(page)
                save(name, page.screenshot())
                page.close()
        finally:
            host.stop()


def wait_until_shown(page: Page) -> None:
    """Waits until nothing is loading and every picture in view is painted."""
    page.locator("[aria-busy=true], main .loading").first.wait_for(state="detached")
    page.wait_for_load_state("networkidle")
    page.evaluate(
        """() => Promise.all([...document.images]
        .filter((image) => image.src && image.getBoundingClientRect().top < innerHeight)
        .map((image) => image.decode().catch(() => {})))"""
    )


def save(name: str, png: bytes) -> None:
    path = OUT / f"{name}.png"
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {picture.width} x {picture.height}, {size // 1000} kB")
    if size > MAX_BYTES:
        raise SystemExit(f"{path.name} is larger than {MAX_BYTES // 1000} kB: show less in it")


if __name__ == "__main__":
    main()
