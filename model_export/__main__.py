"""Makes a model bundle that the app serves: `python -m model_export --help`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model_export.errors import ExportError

if TYPE_CHECKING:
    from model_export.export import Exported, Plan
    from model_export.recipes import Recipe
    from model_export.source import ImageSource, TextSource

DEFAULT_MODEL = "openai/clip-vit-base-patch32"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: the bundle is written. 1: the model cannot be exported. 3: it could not be had."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(given)
    try:
        return run(options, "python -m model_export " + shlex.join(given))
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith(("model_export", "shared_code", "samples", "benchmarks")):
            raise
        requirements = "pip install -r model_export/requirements.txt"
        print(f"{exc.name} is not installed: {requirements}", file=sys.stderr)
        return ExportError.exit_code
    except ExportError as exc:
        print(f"Not exported: {exc}", file=sys.stderr)
        return exc.exit_code
    except OSError as exc:
        print(f"Not exported: {exc}", file=sys.stderr)
        return ExportError.exit_code


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model_export", description="Makes a model bundle that the app serves."
    )
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        help="a CLIP or SigLIP model: hub id or folder (%(default)s)",
    )
    parser.add_argument("--revision", help="of the hub id: a commit or tag, recorded either way")
    parser.add_argument(
        "--text-model",
        help="another text tower in the same space: a sentence-transformers hub id or folder, "
        "for example sentence-transformers/clip-ViT-B-32-multilingual-v1",
    )
    parser.add_argument("--text-revision", help="of --text-model")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    parser.add_argument("--force", action="store_true", help="replace the bundle that is there")
    parser.add_argument(
        "--precision",
        choices=["int8", "fp16", "fp32"],
        default="int8",
        help="int8: for CPUs; fp16: for GPUs; fp32: for either (%(default)s)",
    )
    parser.add_argument(
        "--eval-images",
        type=Path,
        metavar="DIR",
        help="your own pictures to judge int8 by, captions in DIR/captions.json "
        "(default: the sample catalogue)",
    )
    parser.add_argument("--min-cosine", type=float, default=0.99, help="the gate (%(default)s)")
    parser.add_argument("--min-overlap", type=float, default=0.95, help="the gate (%(default)s)")
    parser.add_argument(
        "--random-weights",
        type=Path,
        metavar="CONFIG",
        help="no download: a configuration's architecture with seeded random weights, for speed "
        "and size only (model_export/configs/); --text-model is a configuration then",
    )
    return parser


def run(options: argparse.Namespace, command: str) -> int:
    from model_export.bundle import check_out_folder, write_bundle
    from model_export.evaluation import folder, samples
    from model_export.export import Plan, export, fell_back
    from model_export.quantisation.gate import Gate

    if options.random_weights and (options.revision or options.text_revision):
        raise ExportError("random weights have no revision: leave --revision out")
    if options.text_revision and not options.text_model:
        raise ExportError("--text-revision needs --text-model")
    check_out_folder(options.out, force=options.force)
    plan = Plan(
        precision=options.precision,
        gate=Gate(options.min_cosine, options.min_overlap),
        evaluation=(
            folder(options.eval_images)
            if options.eval_images
            else samples(french=options.text_model is not None)
        ),
        progress=_bar,
        say=_say,
    )
    exported = export(*_sources(options, plan), plan)
    manifest = write_bundle(exported, options.out, command)
    for tower in fell_back(exported, plan):
        _say(f"No {plan.precision} recipe passed the gate for the {tower} tower: it stays float32")
    _summary(exported, options.out, sum(f["bytes"] for f in manifest["files"].values()))
    return 0


def _sources(options: argparse.Namespace, plan: Plan) -> tuple[ImageSource, TextSource]:
    from model_export.layers import dimension
    from model_export.loading import families, sentence_families
    from model_export.loading.checkout import check_out

    captions = plan.evaluation.captions
    if options.random_weights:
        _say(f"Drawing random weights for {options.random_weights}")
        image, text = families.random(options.random_weights, captions)
        if options.text_model:
            size = dimension(image.tower)
            text = sentence_families.random_text(Path(options.text_model), size, captions)
        return image, text
    _say(f"Loading {options.model}")
    image, text = families.load(check_out(options.model, options.revision), captions)
    if options.text_model:
        _say(f"Loading {options.text_model}")
        checkout = check_out(options.text_model, options.text_revision)
        text = sentence_families.load_text(checkout, captions)
    return image, text


def _bar(tower: str, recipes: Sequence[Recipe]) -> Sequence[Recipe]:
    from tqdm import tqdm

    bar: Sequence[Recipe] = tqdm(recipes, desc=f"Trying recipes, {tower} tower", unit="recipe")
    return bar


def _summary(exported: Exported, out: Path, size: int) -> None:
    _say(f"{out}: {size / 1e6:.0f} MB; image {exported.image.chosen}, text {exported.text.chosen}")
    if exported.image_source.origin.random:
        _say("Random weights: for speed and size only. It finds nothing.")
    _say(f"The figures are in {out}/report.md. Serve it with MODEL_DIR={out}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
