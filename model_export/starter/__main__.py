"""Builds the starter bundle: `python -m model_export.starter [--out DIR] [--work DIR]`.

About five minutes on two cores. Seeded: the same machine and packages give the same files. Another
CPU sums floats in another order, so the text tower's training may end in slightly other weights;
the image tower can differ where int8 rounding tips.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import onnx
import torch
from tokenizers import Tokenizer

from model_export.starter import graphs, sources
from model_export.starter.bundle import BundleParts, write_bundle
from model_export.starter.colours import load_colours
from model_export.starter.french.glossary import load_glossary
from model_export.starter.french.lessons import make_french_lessons
from model_export.starter.french.vocabulary import FrenchVocabulary, build_french_vocabulary
from model_export.starter.french.words import build_french_words, load_language_words
from model_export.starter.image.backbone import Backbone, compute_features
from model_export.starter.image.image_tower import StarterImageTower
from model_export.starter.image.pictures import read_emoji
from model_export.starter.image.visual_block import fit_visual_projection
from model_export.starter.meaning.class_names import ClassNames, load_class_names
from model_export.starter.meaning.class_space import ClassSpace, build_class_space
from model_export.starter.meaning.teacher import Teacher
from model_export.starter.quantise import quantise_weights
from model_export.starter.text.distil import distil, make_initial_bag, make_lesson
from model_export.starter.text.french_rows import add_french_rows, convert_to_rows, teach_french
from model_export.starter.text.phrases import (
    ShopWords,
    build_phrases,
    list_class_phrases,
    load_shop_words,
)
from model_export.starter.text.row_facts import compute_row_facts
from model_export.starter.text.text_tower import BagOfTokens, StarterTextTower
from model_export.starter.text.vocabulary import (
    add_plurals,
    extend_tokenizer,
    select_plain_words,
    split_words,
)

SEED = 0
THREADS = 2  # fixed: another number sums in another order


def main() -> None:
    options = parse_options()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.set_num_threads(THREADS)
    image, text, tokenizer = build(options.work)
    onnx.save(image, options.work / "image.onnx")
    onnx.save(text, options.work / "text.onnx")
    write_bundle(
        BundleParts(quantise_weights(image), quantise_weights(text), tokenizer), options.out
    )
    print(f"wrote {options.out}; its float32 graphs are in {options.work}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m model_export.starter", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("models/starter"))
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("build/starter"),
        help="for downloads and the float32 graphs",
    )
    return parser.parse_args()


def build(work: Path) -> tuple[onnx.ModelProto, onnx.ModelProto, dict[str, Any]]:
    """Returns the float32 graphs and the content of tokenizer.json."""
    classes, shop, teacher = load_class_names(), load_shop_words(), Teacher()
    print("class vectors")
    space = build_class_space(teacher, classes)
    print("image tower")
    image = graphs.export_image_graph(build_image_tower(work, space))
    print("text tower")
    settings = extend_tokenizer(sources.TOKENIZER.locate(), list_vocabulary_words(classes, shop))
    tokenizer = Tokenizer.from_str(json.dumps(settings))
    words = select_plain_words(settings["model"]["vocab"])
    bag = learn_bag(teacher, tokenizer, build_phrases(words, classes, shop, seed=SEED))
    print("French")
    french = build_vocabulary(settings, list_english_words(classes, shop))
    bag = add_french_rows(bag, tokenizer, french)
    learn_french(bag, teacher, french)
    facts = compute_row_facts(bag.list_weights(), load_colours(), tokenizer, french.words)
    text = graphs.export_text_graph(StarterTextTower(bag, space, facts, french))
    return image, text, french.settings


def build_image_tower(work: Path, space: ClassSpace) -> StarterImageTower:
    backbone = Backbone()
    features = compute_features(backbone, read_emoji(sources.fetch_pictures(work)))
    return StarterImageTower(backbone, space, fit_visual_projection(features), load_colours())


def learn_bag(teacher: Teacher, tokenizer: Tokenizer, phrases: list[str]) -> BagOfTokens:
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    targets = teacher.encode(phrases)
    bag = make_initial_bag(teacher.encode_tokens(tokens), targets)
    distil(bag, make_lesson(tokenizer, phrases, targets), seed=SEED)
    return bag


def build_vocabulary(settings: dict[str, Any], english: Iterable[str]) -> FrenchVocabulary:
    common = load_language_words()
    words = build_french_words(load_glossary(), common.reserved)
    return build_french_vocabulary(settings, words, common, english)


def learn_french(bag: BagOfTokens, teacher: Teacher, french: FrenchVocabulary) -> None:
    tokenizer = Tokenizer.from_str(json.dumps(french.settings))
    pairs = make_french_lessons(load_glossary(), seed=SEED)
    targets = teacher.encode([english for _, english in pairs])
    lesson = make_lesson(tokenizer, [phrase for phrase, _ in pairs], targets)
    teach_french(bag, convert_to_rows(lesson, french), french.taught, seed=SEED)


def list_english_words(classes: ClassNames, shop: ShopWords) -> Iterator[str]:
    """Yields the words of the English lessons, which mark a text as English."""
    return split_words(
        [*list_class_phrases(classes), *shop.things, *shop.qualities, *shop.materials]
    )


def list_vocabulary_words(classes: ClassNames, shop: ShopWords) -> list[str]:
    """Returns the words that deserve a vocabulary row of their own, the most important first."""
    return [
        *load_colours().words,
        *add_plurals(split_words(shop.things)),
        *split_words([*shop.qualities, *shop.materials]),
        *add_plurals(split_words(classes.names)),
    ]


if __name__ == "__main__":
    main()
