"""The shipped starter bundle understands French, and its English stays English.

How well it finds pictures is for `model_export.starter.evaluate`; here is what must not break.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from model_export.starter.evaluation.bundle_encoder import BundleEncoder
from model_export.starter.evaluation.french.queries import read_rows
from model_export.starter.french.glossary import load_glossary
from model_export.starter.french.inflection import fold_spelling
from model_export.starter.french.words import build_french_words, load_language_words
from model_export.starter.layout import COLOUR, MEANING
from shared_code.settings import Settings

STARTER = Settings().model_dir
GLOSSARY = load_glossary()


@pytest.fixture(scope="module")
def encoder():
    return BundleEncoder(STARTER)


def cosines(encoder, texts, others):
    return (encoder.encode_texts(texts) * encoder.encode_texts(others)).sum(axis=1)


def is_nearer(encoder, text, expected, other):
    first, second = cosines(encoder, [text, text], [expected, other])
    return first > second


def test_the_bundle_says_that_it_speaks_french_and_is_small(encoder):
    assert encoder.manifest["languages"] == ["en", "fr"]
    size = sum(file.stat().st_size for file in Path(STARTER).iterdir())
    assert size <= 17_000_000


def test_the_tokenizer_knows_every_spelling_of_the_glossary():
    settings = json.loads((Path(STARTER) / "tokenizer.json").read_text(encoding="utf-8"))
    known = {token["content"] for token in settings["added_tokens"]} | set(
        settings["model"]["vocab"]
    )
    words = build_french_words(GLOSSARY, load_language_words().reserved)
    missing = {spelling for word in words for spelling in word.spellings} - known
    assert not missing, "the bundle is older than the glossary: build it anew"


def test_a_glossary_entry_says_what_its_english_says(encoder):
    entries = [entry for entry in GLOSSARY if len(entry.senses) == 1]
    similarities = cosines(
        encoder, [entry.base for entry in entries], [entry.senses[0] for entry in entries]
    )
    assert similarities.mean() > 0.85
    assert (similarities < 0.5).mean() < 0.03


@pytest.mark.parametrize(
    ("way", "lowest"), [(str.upper, 0.999), (str.title, 0.999), (fold_spelling, 0.999)]
)
def test_capitals_and_accents_change_nothing(encoder, way, lowest):
    texts = [row["french"] for row in read_rows("stamps.tsv")]
    texts += ["Tasse à thé", "Œufs brouillés", "robe d’été", "Nœud papillon à pois"]  # noqa: RUF001
    assert cosines(encoder, texts, [way(text) for text in texts]).min() > lowest


@pytest.mark.parametrize(
    ("french", "english", "other"),
    [
        ("robe rouge", "red dress", "red bathrobe"),
        ("chaussures de course", "running shoes", "horse race"),
        ("tasse à café", "coffee cup", "coffee shop"),
        ("pomme de terre", "potato", "apple"),
        ("chauve-souris", "bat animal", "mouse"),
        ("chat", "cat", "conversation"),
        ("pain", "bread", "ache"),
        ("un four à pizza", "pizza oven", "four pizzas"),
        ("un grand four en acier", "large steel oven", "the number four"),
        ("pull rose en laine", "pink wool sweater", "rose flower"),
        ("veste en cuir", "leather jacket", "leather vest"),
        ("sac à main en cuir", "leather handbag", "plastic sack"),
        ("bague en or", "gold ring", "earring or ring"),
        ("thé", "tea", "the"),
    ],
)
def test_a_french_query_means_what_a_shop_means(encoder, french, english, other):
    assert is_nearer(encoder, french, english, other)


@pytest.mark.parametrize(
    ("english", "english_sense", "french_sense"),
    [
        ("four chairs", "4 chairs", "oven chairs"),
        ("a rose in the garden", "a flower in the garden", "pink in the garden"),
        ("pain relief pill", "painkiller pill", "bread relief pill"),
        ("earring or ring", "ring and earring", "gold earring ring"),
        ("a plate and a fork", "a dish and a fork", "a flat and a fork"),
    ],
)
def test_an_english_query_stays_english(encoder, english, english_sense, french_sense):
    assert is_nearer(encoder, english, english_sense, french_sense)


def test_each_half_of_a_bilingual_text_is_read_in_its_language(encoder):
    english = "Four chairs of solid oak for the garden, with a soft seat and a high back for you."
    french = (
        "Un four à pizza en acier pour la terrasse et le jardin, avec une pelle en bois d'olivier."
    )
    first, second = encoder.encode_texts([english, french])
    both = encoder.encode_texts([f"{english} {french}"])[0]
    mean = (first + second) / np.linalg.norm(first + second)
    assert both @ mean > 0.95  # 0.93 where the whole text has one language


def test_a_french_colour_is_the_colour_of_its_english(encoder):
    pairs = [
        ("robe rouge", "red dress"),
        ("chaises bleues", "blue chairs"),
        ("bol marron", "brown bowl"),
    ]
    colour = slice(MEANING, MEANING + COLOUR)
    for french, english in pairs:
        ours, theirs = encoder.encode_texts([french, english])[:, colour]
        assert np.linalg.norm(theirs) > 0.3
        assert ours @ theirs == pytest.approx(np.linalg.norm(theirs) ** 2, rel=0.01)
