"""The starter recipe's pure parts. The build itself needs torch and is judged by its evaluation."""

import numpy as np
import pytest

from model_export.starter.colours import load_colours
from model_export.starter.evaluation import retrieval
from model_export.starter.image.pictures import is_plain_pictograph
from model_export.starter.layout import COLOUR
from model_export.starter.meaning.class_names import group_by_class
from model_export.starter.sources import SourceError, check_digest
from model_export.starter.text.vocabulary import add_plurals

NAMES = ["crane", "missile", "tabby", "missile"]


def test_hypernyms_belong_to_classes_by_name_index_and_range():
    table = {"cat": ["2"], "weapon": ["missile"], "thing": ["0-1", "missile"]}
    assert group_by_class(table, NAMES) == [
        ["thing"],
        ["weapon", "thing"],
        ["cat"],
        ["weapon", "thing"],
    ]


def test_a_misspelt_class_is_an_error():
    with pytest.raises(ValueError, match="tabbby"):
        group_by_class({"cat": ["tabbby"]}, NAMES)


def test_a_rank_counts_the_wrong_pictures_before_the_best_right_one():
    images = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    texts = np.array([[0.9, 0.1], [1, 0], [0, 1]], np.float32)
    ranks = retrieval.rank_by_key(texts, images, ["cup", "mug", "mug"])
    assert ranks == {"cup": 1, "mug": 2}  # the second "mug" is no second query


def test_recall_is_a_percentage_of_queries():
    figures = retrieval.compute_recall(np.array([1, 1, 6, 40]), pictures=50)
    assert (figures.at_1, figures.at_5, figures.at_10) == (50.0, 50.0, 75.0)
    assert figures.median_rank == 3.5


def test_only_pictures_with_a_twin_count():
    images = np.array([[1, 0], [0.99, 0.1], [0, 1]], np.float32)
    assert retrieval.measure_neighbours(images, ["cup", "cup", "mug"]) == (100.0, 2)


def test_every_colour_word_is_a_unit_mixture_of_the_eleven_terms():
    words = load_colours().words
    assert len(words["teal"]) == COLOUR
    assert np.allclose([np.linalg.norm(mixture) for mixture in words.values()], 1)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("package/assets/1f460.webp", True),
        ("package/assets/1f44b-1f3fd.webp", False),  # a skin tone
        ("package/assets/1f468-200d-1f373.webp", False),  # a joined sequence
        ("package/assets/0031-fe0f-20e3.webp", False),  # a keycap
        ("package/README.md", False),
    ],
)
def test_one_pictograph_a_thing(member, expected):
    assert is_plain_pictograph(member) is expected


def test_plurals():
    assert list(add_plurals(["hoodie", "brooch"])) == ["hoodie", "hoodies", "brooch", "brooches"]


def test_another_file_than_the_measured_one_is_refused(tmp_path):
    (tmp_path / "weights").write_bytes(b"other")
    with pytest.raises(SourceError, match="weights"):
        check_digest(tmp_path / "weights", "0" * 64)
