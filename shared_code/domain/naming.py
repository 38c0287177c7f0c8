"""Which blob belongs to which product, and how a product gets its name from a file name.

<product_id>/<anything>.<ext>        a picture of the product
<product_id>.<ext>                   a product with one picture
<blob>.json                          the sidecar of a picture: its product's text
<product_id>/product.json            the product's text; enough without a picture, too
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
"""Characters in the name of a blob that the app makes. Storage allows 1,024. But Azure's host,
where it scans for blobs, records each in a blob of its own, whose name is this one and up to 124
characters more (with a container name of up to 29): a name too long for that ends the host."""

_SIDECAR = ".json"

# Words of a file name that say which view it is and not what it shows: "front", "IMG", "0007".
_VIEW_WORD = re.compile(
    r"front|back|side|left|right|top|bottom|main|detail|close|up|view|default|large|small"
    r"|(?:img|image|dsc|photo|pic|picture|[a-z])?\d*|[0-9a-f]{16,}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class BlobRole:
    """A blob's product, and what the blob is to it."""

    product_id: str
    role: Role

    @classmethod
    def of(cls, blob: str) -> BlobRole:
        """Reads both from the blob's name. Raises Unprocessable for one that names no product."""
        folder, slash, rest = blob.partition("/")
        if not folder or folder.lower() == _SIDECAR:
            raise Unprocessable(f"The blob name {blob[:100]!r} names no product.")
        if slash and rest == PRODUCT_DOCUMENT:
            return cls(folder, "document")
        if blob.endswith((_SIDECAR, _SIDECAR.upper())):
            return cls(cls.of(blob[: -len(_SIDECAR)]).product_id, "sidecar")
        return cls(folder if slash else _stem(blob), "picture")


def picture_ref(blob: str) -> PointRef:
    """Returns the point of a picture: its key within the index is the name of its blob."""
    return PointRef(BlobRole.of(blob).product_id, blob)


def document_name(product_id: str) -> str:
    """Returns the name of the blob that holds the product's text."""
    return f"{product_id}/{PRODUCT_DOCUMENT}"


def check_upload_name(blob: str) -> str:
    """Returns the name of a blob that is about to be stored. Raises Unprocessable for one that is
    too long."""
    if len(blob) > MAX_UPLOAD_NAME:
        raise Unprocessable(
            f"The blob name {blob[:100]!r}… has {len(blob)} characters; at most "
            f"{MAX_UPLOAD_NAME} are allowed: Azure's blob trigger does not report longer ones."
        )
    return blob


def sidecar_names(picture: str) -> tuple[str, str]:
    """Returns the names that its sidecar may have."""
    return picture + _SIDECAR, picture + _SIDECAR.upper()


def derive_name(blob: str) -> str:
    """Makes a name of a file name: Red Summer Dress from "red-summer-dress.jpg". Where the file
    name only says which view it is, the product id is used."""
    words = _split_words(_stem(PurePosixPath(blob).name))
    if all(_VIEW_WORD.fullmatch(word) for word in words):
        words = _split_words(BlobRole.of(blob).product_id) or words
    return " ".join(word[:1].upper() + word[1:] for word in words) or blob


def check_product_id(text: str) -> str:
    """Returns the product id as it is stored. Raises Unprocessable for one that no URL or blob name
    could hold."""
    problem = _find_product_id_problem(text)
    if problem:
        raise Unprocessable(f"product_id {problem}", errors=[FieldError("product_id", problem)])
    return text


def _find_product_id_problem(text: str) -> str:
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


def _split_words(text: str) -> list[str]:
    return re.sub(r"[\s_\-+.]+", " ", text).split()
