"""Which blob belongs to which product, and how a name is read off a file name.

<product_id>/<anything>.<ext>        a picture of the product
<product_id>.<ext>                   a product with one picture
<blob>.json                          the sidecar of a picture: its product's words
<product_id>/product.json            the product's words; stands on its own, too
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from shared_code.domain.errors import FieldError, Unprocessable
from shared_code.domain.products import PointRef

Role: TypeAlias = Literal["picture", "sidecar", "document"]

PRODUCT_DOCUMENT = "product.json"
MAX_PRODUCT_ID_BYTES = 200
"""In UTF-8. It becomes a folder, whose name most file systems limit to 255 bytes."""

MAX_UPLOAD_NAME = 900
"""Characters in the name of a blob that the app makes. Storage takes 1,024; but Azure's host, where
it scans for blobs, notes each by a blob of its own, whose name is this one and up to 124 characters
more (with a container of up to 29), and a name that is too long for that ends the host."""

_SIDECAR = ".json"

# Words of a file name that say which view it is, not what it shows: "front", "IMG", "0007".
_VIEW_WORD = re.compile(
    r"front|back|side|left|right|top|bottom|main|detail|close|up|view|default|large|small"
    r"|(?:img|image|dsc|photo|pic|picture|[a-z])?\d*|[0-9a-f]{16,}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a blob is to which product."""

    product_id: str
    role: Role

    @classmethod
    def of(cls, blob: str) -> Place:
        """Reads the place off the blob's name."""
        folder, slash, rest = blob.partition("/")
        if not folder or folder.lower() == _SIDECAR:
            raise Unprocessable(f"The blob name {blob[:100]!r} names no product.")
        if slash and rest == PRODUCT_DOCUMENT:
            return cls(folder, "document")
        if blob.endswith((_SIDECAR, _SIDECAR.upper())):
            return cls(cls.of(blob[: -len(_SIDECAR)]).product_id, "sidecar")
        return cls(folder if slash else _stem(blob), "picture")


def picture_ref(blob: str) -> PointRef:
    """The point of a picture: its key within the index is the name of its blob."""
    return PointRef(Place.of(blob).product_id, blob)


def document_of(product_id: str) -> str:
    return f"{product_id}/{PRODUCT_DOCUMENT}"


def checked_upload_name(blob: str) -> str:
    """The name, for a blob that is about to be stored; raises Unprocessable for one that is too
    long."""
    if len(blob) > MAX_UPLOAD_NAME:
        raise Unprocessable(
            f"The blob name {blob[:100]!r}… has {len(blob)} characters; at most "
            f"{MAX_UPLOAD_NAME} are allowed: Azure's blob trigger cannot tell of a longer one."
        )
    return blob


def sidecars_of(picture: str) -> tuple[str, str]:
    """The names that its sidecar may have."""
    return picture + _SIDECAR, picture + _SIDECAR.upper()


def readable_name(blob: str) -> str:
    """ "red-summer-dress.jpg": Red Summer Dress. A view's name gives way to the product id."""
    words = _words(_stem(PurePosixPath(blob).name))
    if all(_VIEW_WORD.fullmatch(word) for word in words.split()):
        words = _words(Place.of(blob).product_id) or words
    return " ".join(word[:1].upper() + word[1:] for word in words.split()) or blob


def checked_product_id(text: str) -> str:
    """The product id as it is stored; raises Unprocessable for one no URL or blob could carry."""
    problem = _product_id_problem(text)
    if problem:
        raise Unprocessable(f"product_id {problem}", errors=[FieldError("product_id", problem)])
    return text


def _product_id_problem(text: str) -> str:
    if not text:
        return "must not be empty"
    if "/" in text or "\\" in text:
        return "must not contain a slash or backslash: they separate product and picture"
    if not text.isprintable() or text != text.strip():
        return "must not contain control characters, nor begin or end with a space"
    size = len(text.encode())  # printable, so there is no lone surrogate in it
    if size > MAX_PRODUCT_ID_BYTES:
        return f"takes {size} bytes in UTF-8; the limit is {MAX_PRODUCT_ID_BYTES}"
    if text.startswith(".") or text.endswith("."):
        return "must not begin or end with a dot: blob storage refuses such names"
    return ""


def _stem(file_name: str) -> str:
    stem, dot, _ = file_name.rpartition(".")
    return stem if dot and stem else file_name


def _words(text: str) -> str:
    return re.sub(r"[\s_\-+.]+", " ", text).strip()
