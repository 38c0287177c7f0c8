"""The sample catalogue is complete: a gap in it is the first thing that a new user would see."""

import re

import pytest
from PIL import Image

from samples.catalogue import FOLDER, load, sidecar
from shared_code.domain.documents import make_product_text
from shared_code.domain.naming import check_product_id
from shared_code.settings import Settings

PRODUCTS = load()
METADATA = {"category": str, "colour": str, "brand": str, "price": float, "in_stock": bool}


def test_there_are_enough_and_no_two_share_an_id():
    assert len({product.product_id for product in PRODUCTS}) == len(PRODUCTS) >= 90


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.product_id)
def test_a_product_is_whole(product):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check_product_id(product.product_id))
    words = (product.name, product.description, product.name_fr, product.description_fr)
    assert all(words)
    assert {name: type(value) for name, value in product.metadata.items()} == METADATA
    assert product.images
    for path in product.images:
        with Image.open(path) as picture:
            assert picture.format == "WEBP"
            assert max(picture.size) <= 256


def test_every_picture_belongs_to_a_product():
    named = {path for product in PRODUCTS for path in product.images}
    assert set((FOLDER / "images").rglob("*.webp")) == named


def test_the_pictures_stay_small():
    assert sum(path.stat().st_size for p in PRODUCTS for path in p.images) <= 1_500_000


def test_the_texts_are_accepted_by_the_app_and_hold_both_languages():
    for product in PRODUCTS:
        text = make_product_text(product.product_id, **sidecar(product))
        assert product.description in text.description
        assert product.description_fr in text.description


def test_the_metadata_is_what_filters_use_by_default():
    assert set(Settings().filterable_fields) == set(METADATA)
