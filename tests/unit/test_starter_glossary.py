"""The French glossary and what is made of it: forms, lessons, tokens. No model is loaded."""

import numpy as np
import pytest

from model_export.starter.evaluation.colour_check import OBJECTS, TINTS
from model_export.starter.evaluation.french.measures import rank_best
from model_export.starter.evaluation.french.queries import (
    is_glossary_entry,
    read_rows,
    translate_tint_query,
)
from model_export.starter.french.glossary import load_glossary
from model_export.starter.french.inflection import fold_spelling, inflect
from model_export.starter.french.lessons import make_french_lessons
from model_export.starter.french.vocabulary import FRENCH, build_french_vocabulary
from model_export.starter.french.words import build_french_words, load_language_words

GLOSSARY = load_glossary()


def test_the_glossary_has_at_least_1500_entries_that_differ_without_accents():
    assert len({fold_spelling(entry.base) for entry in GLOSSARY}) >= 1_500


@pytest.mark.parametrize("line", ["robe\tf", "robe\tx\tdress", "robe\tf\t", "robe f dress"])
def test_a_line_that_is_no_entry_is_an_error_with_its_place(tmp_path, line):
    (tmp_path / "clothes.tsv").write_text(f"french\tkind\tenglish\njupe\tf\tskirt\n{line}\n")
    with pytest.raises(ValueError, match=r"clothes\.tsv:3"):
        load_glossary(tmp_path)


def test_a_repeated_entry_is_an_error(tmp_path):
    (tmp_path / "a.tsv").write_text("french\tkind\tenglish\nrobe\tf\tdress\nrobe\tf\tgown\n")
    with pytest.raises(ValueError, match="'robe' is in the glossary already"):
        load_glossary(tmp_path)


@pytest.mark.parametrize(
    ("french", "kind", "expected"),
    [
        ("robe", "f", ["robe", "robes"]),
        ("manteau", "m", ["manteau", "manteaux"]),
        ("cheval", "m", ["cheval", "chevaux"]),
        ("pneu", "m", ["pneu", "pneus"]),
        ("tapis", "m", ["tapis"]),
        ("œil|yeux", "m", ["œil", "yeux"]),
        ("ciseaux", "mp", ["ciseaux"]),
        ("en cuir", "i", ["en cuir"]),
        ("sac à main", "m", ["sac à main", "sacs à main"]),
        ("boucle d'oreille", "f", ["boucle d'oreille", "boucles d'oreille"]),
        ("tire-bouchon", "m", ["tire-bouchon", "tire-bouchons"]),
        ("chauve-souris", "f", ["chauve-souris", "chauves-souris"]),
        ("t-shirt", "m", ["t-shirt", "t-shirts"]),
        ("vert", "a", ["vert", "verte", "verts", "vertes"]),
        ("blanc|blanche", "a", ["blanc", "blanche", "blancs", "blanches"]),
        ("rouge", "a", ["rouge", "rouges"]),
        ("moelleux", "a", ["moelleux", "moelleuse", "moelleuses"]),
        ("sportif", "a", ["sportif", "sportive", "sportifs", "sportives"]),
        ("marron|marron", "a", ["marron", "marrons"]),
        ("bleu marine", "a", ["bleu marine"]),
    ],
)
def test_forms(french, kind, expected):
    assert inflect(french, kind) == expected


def test_what_is_spelt_alike_without_accents_is_one_word_with_both_senses():
    words = {word.spellings[0]: word for word in build_french_words(GLOSSARY, frozenset())}
    assert words["sale"].senses == ("salty", "dirty") or words["sale"].senses == ("dirty", "salty")
    assert {"oeil", "yeux"} <= set(words["oeil"].spellings)
    assert {"lave-linge", "lave linge"} <= set(words["lave-linge"].spellings)
    spellings = [spelling for word in words.values() for spelling in word.spellings]
    assert len(spellings) == len(set(spellings))


def test_every_word_called_french_first_is_in_the_glossary():
    common = load_language_words()
    words = build_french_words(GLOSSARY, common.reserved)
    assert common.french_first <= {spelling for word in words for spelling in word.spellings}


def test_lessons_are_distinct_the_same_every_time_and_agree():
    lessons = make_french_lessons(GLOSSARY, seed=0)
    assert len(set(lessons)) == len(lessons) == 40_000
    assert lessons == make_french_lessons(GLOSSARY, seed=0)
    french = {phrase for phrase, _ in lessons}
    assert {entry.base for entry in GLOSSARY} <= french
    for noun, wrong in [
        ("robe", "vert"),
        ("jupe", "blanc"),
        ("lampe", "petit"),
        ("manteau", "verte"),
    ]:
        assert f"{noun} {wrong}" not in french


def test_no_query_of_the_evaluation_is_a_lesson_unless_it_is_a_glossary_entry():
    queries = [row["french"] for row in read_rows("stamps.tsv")]
    new = [query for query in queries if not is_glossary_entry(query)]
    assert len(new) >= 150
    lessons = {fold_spelling(phrase) for phrase, _ in make_french_lessons(GLOSSARY, seed=0)}
    assert not [query for query in new if fold_spelling(query) in lessons]


def test_every_tinted_object_has_a_french_name():
    names = {translate_tint_query(f"{tint} {noun}") for noun in OBJECTS.values() for tint in TINTS}
    assert len(names) == len(OBJECTS) * len(TINTS)
    assert {"robe verte", "sac à main vert", "chaussette violette"} <= names


ENGLISH = {"[PAD]": 0, "tea": 1, "kimono": 2, "four": 3, "or": 4, "de": 5, "##ers": 6, "mall": 7}


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("glossary")
    lines = ["four\tm\toven", "kimono\tm\tkimono", "malle\tf\ttrunk", "or\tm\tgold"]
    (folder / "a.tsv").write_text("\n".join(["french\tkind\tenglish", *lines]) + "\n")
    common = load_language_words()
    settings = {
        "model": {"vocab": dict(ENGLISH)},
        "added_tokens": [],
        "normalizer": {"type": "NFC"},
    }
    words = build_french_words(load_glossary(folder), common.reserved)
    return build_french_vocabulary(settings, words, common, ["four", "mall"])


def test_a_word_of_both_languages_keeps_its_english_row_and_has_a_french_one(vocabulary):
    oven = vocabulary.row[ENGLISH["four"]]
    assert oven >= vocabulary.english_ids
    assert vocabulary.words[oven - vocabulary.english_ids].senses == ("oven",)


def test_a_word_that_means_the_same_needs_no_row(vocabulary):
    assert vocabulary.row[ENGLISH["kimono"]] == ENGLISH["kimono"]
    plural = next(t["id"] for t in vocabulary.settings["added_tokens"] if t["content"] == "kimonos")
    assert vocabulary.row[plural] == ENGLISH["kimono"]


def test_french_words_stay_out_of_wordpiece(vocabulary):
    assert vocabulary.settings["model"]["vocab"] == ENGLISH  # "malle" would break "mallet"
    added = [token["id"] for token in vocabulary.settings["added_tokens"]]
    assert added == list(range(len(ENGLISH), len(ENGLISH) + len(added)))


def test_function_words_speak_for_their_language_and_or_for_english(vocabulary):
    evidence = {name: vocabulary.evidence[row] for name, row in ENGLISH.items()}
    assert evidence["de"] == FRENCH
    assert evidence["mall"] < 0
    assert evidence["or"] < evidence["four"] < 0
    assert evidence["tea"] == evidence["kimono"] == evidence["##ers"] == 0


def test_the_best_of_several_right_pictures_counts():
    images = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    texts = np.array([[0.9, 0.1], [0, 1]], np.float32)
    is_right = np.array([[False, True, True], [True, False, False]])
    assert rank_best(texts, images, is_right).tolist() == [2, 3]
