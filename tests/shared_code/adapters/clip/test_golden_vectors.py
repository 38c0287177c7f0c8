"""The shipped bundle gives the vectors it gave when it was chosen, on every machine."""

import json

import numpy as np
import pytest

from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.golden.make import FILE, embed_golden
from tests.golden.pictures import PICTURES, TEXTS

REMEDY = "if the bundle was changed on purpose, run `python -m tests.golden.make` and look at the"


@pytest.fixture(scope="module")
def encoder():
    return open_encoder(Settings())


def test_the_vectors_are_those_of_this_bundle(encoder):
    golden = json.loads(FILE.read_text())
    assert golden["fingerprint"] == encoder.model.fingerprint, f"{REMEDY} cosines it prints"


@pytest.mark.parametrize(("kind", "names"), [("texts", TEXTS), ("pictures", list(PICTURES))])
def test_every_vector_is_where_it_was(encoder, kind, names):
    expected = np.array(json.loads(FILE.read_text())[kind])
    actual = np.array(embed_golden(encoder)[kind])
    assert actual.shape == expected.shape, f"{REMEDY} shapes"
    cosines = (actual * expected).sum(axis=1) / np.linalg.norm(expected, axis=1)
    moved = {n[:40]: round(float(c), 5) for n, c in zip(names, cosines, strict=True) if c < 0.9995}
    assert not moved, f"{REMEDY} difference: {moved}"
