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
from model_export.starter.french.lessons import french_lessons
from model_export.starter.french.vocabulary import FrenchVocabulary, french_vocabulary
from model_export.starter.french.words import french_words, load_language_words
from model_export.starter.image.backbone import Backbone, picture_features
from model_export.starter.image.image_tower import ImageTower
from model_export.starter.image.pictures import read_emoji
from model_export.starter.image.visual_block import fit_visual_projection
from model_export.starter.meaning.class_names import ClassNames, load_class_names
from model_export.starter.meaning.class_space import ClassSpace, build_class_space
from model_export.starter.meaning.teacher import Teacher
from model_export.starter.quantise import quantised
from model_export.starter.text.distil import distil, initial_bag, make_lesson
from model_export.starter.text.french_rows import as_rows, teach_french, with_french_rows
from model_export.starter.text.phrases import (
    ShopWords,
    build_phrases,
    class_phrases,
    load_shop_words,
)
from model_export.starter.text.row_facts import row_facts
from model_export.starter.text.text_tower import BagOfTokens, TextTower
from model_export.starter.text.vocabulary import (
    extended_tokenizer,
    plain_words,
    with_plurals,
    words_in,
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
    write_bundle(BundleParts(quantised(image), quantised(text), tokenizer), options.out)
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
    """The float32 graphs and the content of tokenizer.json."""
    classes, shop, teacher = load_class_names(), load_shop_words(), Teacher()
    print("class vectors")
    space = build_class_space(teacher, classes)
    print("image tower")
    image = graphs.image_graph(build_image_tower(work, space))
    print("text tower")
    settings = extended_tokenizer(sources.TOKENIZER.locate(), wanted_words(classes, shop))
    tokenizer = Tokenizer.from_str(json.dumps(settings))
    words = plain_words(settings["model"]["vocab"])
    bag = learn_bag(teacher, tokenizer, build_phrases(words, classes, shop, seed=SEED))
    print("French")
    french = build_vocabulary(settings, english_words(classes, shop))
    bag = with_french_rows(bag, tokenizer, french)
    learn_french(bag, teacher, french)
    facts = row_facts(bag.all_weights(), load_colours(), tokenizer, french.words)
    text = graphs.text_graph(TextTower(bag, space, facts, french))
    return image, text, french.settings


def build_image_tower(work: Path, space: ClassSpace) -> ImageTower:
    backbone = Backbone()
    features = picture_features(backbone, read_emoji(sources.fetch_pictures(work)))
    return ImageTower(backbone, space, fit_visual_projection(features), load_colours())


def learn_bag(teacher: Teacher, tokenizer: Tokenizer, phrases: list[str]) -> BagOfTokens:
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    targets = teacher.encode(phrases)
    bag = initial_bag(teacher.encode_tokens(tokens), targets)
    distil(bag, make_lesson(tokenizer, phrases, targets), seed=SEED)
    return bag


def build_vocabulary(settings: dict[str, Any], english: Iterable[str]) -> FrenchVocabulary:
    common = load_language_words()
    words = french_words(load_glossary(), common.reserved)
    return french_vocabulary(settings, words, common, english)


def learn_french(bag: BagOfTokens, teacher: Teacher, french: FrenchVocabulary) -> None:
    tokenizer = Tokenizer.from_str(json.dumps(french.settings))
    pairs = french_lessons(load_glossary(), seed=SEED)
    targets = teacher.encode([english for _, english in pairs])
    lesson = make_lesson(tokenizer, [phrase for phrase, _ in pairs], targets)
    teach_french(bag, as_rows(lesson, french), french.taught, seed=SEED)


def english_words(classes: ClassNames, shop: ShopWords) -> Iterator[str]:
    """What the English lessons say: a text that holds it is English."""
    return words_in([*class_phrases(classes), *shop.things, *shop.qualities, *shop.materials])


def wanted_words(classes: ClassNames, shop: ShopWords) -> list[str]:
    """What deserves a vocabulary row of its own, the most wanted first."""
    return [
        *load_colours().words,
        *with_plurals(words_in(shop.things)),
        *words_in([*shop.qualities, *shop.materials]),
        *with_plurals(words_in(classes.names)),
    ]


if __name__ == "__main__":
    main()
