"""The evaluation set: Tux Paint's stamps (Debian `tuxpaint-stamps-default`), English captions.

They are GPL-2: read from where Debian installs them, never copied here and never trained on.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

SVG_WIDTH = 320  # pixels; well above the tower's 224
_FIRST_SENTENCE = re.compile(r"(?<=[a-z])[.!?](?:\s|$)")
_SMALL_WORDS = re.compile(r"\b(a|an|the|of|some|pair)\b")


@dataclass(frozen=True, slots=True)
class Stamp:
    picture: Path
    place: str  # its path below the root, without suffix: "animals/birds/crow"
    caption: str

    @property
    def query(self) -> str:
        """The caption's first sentence."""
        return _FIRST_SENTENCE.split(self.caption)[0]

    @property
    def key(self) -> str:
        """The caption without small words and punctuation: stamps with one key are one answer."""
        words = _SMALL_WORDS.sub(" ", self.caption.lower())
        return " ".join(re.sub(r"[^a-z0-9 ]+", " ", words).split())

    @property
    def is_object(self) -> bool:
        """True unless it is a symbol, a flag or a road sign."""
        return not (
            self.place.startswith("symbols/")
            or {"flags", "roadsigns"} & set(self.place.split("/")[1:-1])
        )

    @property
    def is_drawing(self) -> bool:
        return self.picture.suffix == ".svg"

    @property
    def is_test(self) -> bool:
        """True in the half of the captions on which no number of the recipe was chosen."""
        digest = hashlib.md5(self.key.encode(), usedforsecurity=False).hexdigest()
        return int(digest, 16) % 2 == 0

    def open(self) -> Image.Image:
        """Raises OSError or ValueError for a picture that cannot be drawn."""
        if not self.is_drawing:
            return Image.open(self.picture)
        return Image.open(io.BytesIO(_draw_svg(self.picture)))


def find_stamps(root: Path) -> Iterator[Stamp]:
    """Yields the captioned pictures below `root` in path order; prints those that do not open."""
    for text in sorted(root.rglob("*.txt")):
        base = text.with_suffix("")
        picture = next(
            (
                path
                for path in (base.with_suffix(".png"), base.with_suffix(".svg"))
                if path.exists()
            ),
            None,
        )
        lines = text.read_text("utf-8", errors="replace").splitlines()
        if picture is None or not lines or not lines[0].strip():
            continue
        stamp = Stamp(picture, base.relative_to(root).as_posix(), lines[0].strip())
        if _opens(stamp):
            yield stamp


def _opens(stamp: Stamp) -> bool:
    try:
        stamp.open().load()
    except (OSError, ValueError) as error:
        print(f"skipped {stamp.place}: {error}")
        return False
    return True


def _draw_svg(path: Path) -> bytes:
    import cairosvg  # only the drawings need it, and with it the cairo library

    png: bytes = cairosvg.svg2png(url=str(path), output_width=SVG_WIDTH)
    return png
