"""Catalogues with queries whose right products are known, for benchmarks/relevance.

Stamps: the photographs of Debian's ``tuxpaint-stamps-default`` (GPL-2: read where Debian puts
them, never copied), captioned by their authors in many languages. A product is a stamp dropped
as a file, so its text is its file's name; the query is its caption, if it is in the half on which
no number of the starter's recipe was chosen. Several stamps with one caption are all right.

Samples: the sample catalogue. Its queries are its own names, so its figures are too high.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from model_export.starter.evaluation.stamps import Stamp
from samples.catalogue import SampleProduct, load, sidecar
from shared_code.app import App

STAMPS = Path("/usr/share/tuxpaint/stamps")

Queries = Mapping[str, set[str]]
"""Query -> the ids of the right products."""

UNANSWERED = [
    *(
        "asdfgh",
        "qwertz uiop",
        "xyzzy plugh",
        "lorem ipsum dolor",
        "zzzz",
        "hjkl 12 qq",
        "foobarbaz",
    ),
    *("submarine", "tax return", "nuclear reactor", "mortgage insurance", "diesel engine"),
    *("swimming pool", "wedding photographer", "pizza delivery"),
    *("garden hose", "x-ray image", "solar eclipse", "passport", "oil refinery"),
    *("sewing machine", "dentist chair", "satellite dish", "parking ticket", "fax machine"),
]
"""Random letters, and things that few catalogues have."""


@dataclass(frozen=True, slots=True)
class JudgedCatalogue:
    name: str
    queries: Mapping[str, Queries]
    """Kind of query -> queries."""


def fill_with_stamps(app: App) -> JudgedCatalogue:
    stamps = [stamp for stamp in find_photographs() if stamp.is_object]
    by_key: dict[str, set[str]] = {}
    for stamp in stamps:
        blob = f"{_product_id(stamp)}/{stamp.picture.name}"
        app.images.write(blob, stamp.picture.read_bytes(), content_type="image/png")
        app.indexer.sync(blob)
        by_key.setdefault(stamp.key, set()).add(_product_id(stamp))
    test_stamps = [stamp for stamp in stamps if stamp.is_test]
    english = {stamp.query: by_key[stamp.key] for stamp in test_stamps}
    french = {
        text: by_key[stamp.key] for stamp in test_stamps if (text := _read_french_caption(stamp))
    }
    name = f"stamps ({len(stamps)} products)"
    return JudgedCatalogue(name, {"captions": english, "French captions": french})


def fill_with_samples(app: App) -> JudgedCatalogue:
    products = load()
    for product in products:
        document = json.dumps(sidecar(product)).encode()
        app.images.write(f"{product.product_id}/product.json", document, content_type="")
        for image in product.images:
            blob = f"{product.product_id}/{image.name}"
            app.images.write(blob, image.read_bytes(), content_type="image/webp")
            app.indexer.sync(blob)
    kinds = {
        "names": {p.name: {p.product_id} for p in products},
        "French names": {p.name_fr: {p.product_id} for p in products},
        "kinds of thing": _group_by_kind(products),
    }
    return JudgedCatalogue(f"samples ({len(products)} products)", kinds)


def _group_by_kind(products: list[SampleProduct]) -> Queries:
    ids_by_kind: dict[str, set[str]] = {}
    for product in products:
        ids_by_kind.setdefault(product.name.split()[-1].lower(), set()).add(product.product_id)
    return {query: ids for query, ids in ids_by_kind.items() if len(ids) > 1}


def list_recoloured_queries(products: list[SampleProduct]) -> Iterator[tuple[str, str, set[str]]]:
    """Yields a product, another colour, and the products of the same kind in that colour."""
    kinds: dict[tuple[str, str], list[SampleProduct]] = {}
    for product in products:
        if "colour" in product.metadata:
            kind = (product.metadata["category"], product.name.split()[-1].lower())
            kinds.setdefault(kind, []).append(product)
    for of_kind in kinds.values():
        for product in of_kind:
            own_colour = product.metadata["colour"]
            for colour in sorted({p.metadata["colour"] for p in of_kind} - {own_colour}):
                right = {p.product_id for p in of_kind if p.metadata["colour"] == colour}
                yield product.product_id, colour, right


def find_photographs() -> Iterator[Stamp]:
    for text in sorted(STAMPS.rglob("*.txt")):
        picture = text.with_suffix(".png")
        caption = text.read_text("utf-8", errors="replace").partition("\n")[0].strip()
        if picture.exists() and caption:
            place = text.with_suffix("").relative_to(STAMPS).as_posix()
            yield Stamp(picture, place, caption)


def _product_id(stamp: Stamp) -> str:
    return stamp.place.replace("/", "-")


def _read_french_caption(stamp: Stamp) -> str:
    text = stamp.picture.with_suffix(".txt").read_text("utf-8", errors="replace")
    match = re.search(r"^fr\.utf8=(.+)$", text, re.MULTILINE)
    return re.split(r"[.!?]", match[1].strip())[0] if match else ""
