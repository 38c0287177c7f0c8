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
    from model_export.export import ExportPlan, ExportResult
    from model_export.recipes import Recipe
    from model_export.source import ImageSource, TextSource

DEFAULT_MODEL = "openai/clip-vit-base-patch32"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code.

    0: the bundle is written. 1: the model cannot be exported. 3: its files could not be obtained.
    """
    command_arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = make_parser().parse_args(command_arguments)
    try:
        return run(options, "python -m model_export " + shlex.join(command_arguments))
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


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model_export", description="Makes a model bundle that the app serves."
    )
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        help="a CLIP or SigLIP model: hub id or folder (%(default)s)",
    )
    parser.add_argument(
        "--revision", help="commit or tag of the hub id; the bundle records the commit"
    )
    parser.add_argument(
        "--text-model",
        help="another text tower in the same space: a sentence-transformers hub id or folder, "
        "for example sentence-transformers/clip-ViT-B-32-multilingual-v1",
    )
    parser.add_argument("--text-revision", help="commit or tag of --text-model")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    parser.add_argument("--force", action="store_true", help="replace an existing bundle")
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
        help="your own pictures for the comparison of int8 with float32, their captions in "
        "DIR/captions.json (default: the sample catalogue)",
    )
    parser.add_argument(
        "--min-cosine",
        type=float,
        default=0.99,
        help="int8 is accepted from this mean cosine with float32 on (%(default)s)",
    )
    parser.add_argument(
        "--min-overlap",
        type=float,
        default=0.95,
        help="int8 is accepted if this share of each top 10 stays (%(default)s)",
    )
    parser.add_argument(
        "--random-weights",
        type=Path,
        metavar="CONFIG",
        help="download nothing: build the architecture of this configuration with seeded random "
        "weights, to measure speed and size (see model_export/configs/); --text-model then names "
        "a configuration as well",
    )
    return parser


def run(options: argparse.Namespace, command: str) -> int:
    from model_export.bundle import check_output_folder, write_bundle
    from model_export.evaluation import load_folder, load_samples
    from model_export.export import ExportPlan, export, find_float_towers
    from model_export.quantisation.gate import QualityGate

    if options.random_weights and (options.revision or options.text_revision):
        raise ExportError(
            "random weights have no revision: leave out --revision and --text-revision"
        )
    if options.text_revision and not options.text_model:
        raise ExportError("--text-revision needs --text-model")
    check_output_folder(options.out, force=options.force)
    plan = ExportPlan(
        precision=options.precision,
        gate=QualityGate(options.min_cosine, options.min_overlap),
        evaluation=(
            load_folder(options.eval_images)
            if options.eval_images
            else load_samples(french=options.text_model is not None)
        ),
        progress=_show_progress,
        log=_print_line,
    )
    result = export(*_build_sources(options, plan), plan)
    manifest = write_bundle(result, options.out, command)
    for tower in find_float_towers(result, plan):
        _print_line(
            f"No {plan.precision} recipe passed the gate for the {tower} tower: it stays float32"
        )
    _print_summary(result, options.out, sum(f["bytes"] for f in manifest["files"].values()))
    return 0


def _build_sources(options: argparse.Namespace, plan: ExportPlan) -> tuple[ImageSource, TextSource]:
    from model_export.loading import families, sentence_families
    from model_export.loading.checkout import check_out

    captions = plan.evaluation.captions
    if options.random_weights:
        _print_line(f"Drawing random weights for {options.random_weights}")
        image, text = families.build_random(options.random_weights, captions)
        if options.text_model:
            size = image.tower.dimension
            text = sentence_families.build_random_text(Path(options.text_model), size, captions)
        return image, text
    _print_line(f"Loading {options.model}")
    image, text = families.load(check_out(options.model, options.revision), captions)
    if options.text_model:
        _print_line(f"Loading {options.text_model}")
        checkout = check_out(options.text_model, options.text_revision)
        text = sentence_families.load_text(checkout, captions)
    return image, text


def _show_progress(tower: str, recipes: Sequence[Recipe]) -> Sequence[Recipe]:
    from tqdm import tqdm

    bar: Sequence[Recipe] = tqdm(recipes, desc=f"Trying recipes, {tower} tower", unit="recipe")
    return bar


def _print_summary(result: ExportResult, out: Path, size: int) -> None:
    _print_line(
        f"{out}: {size / 1e6:.0f} MB; image {result.image.chosen}, text {result.text.chosen}"
    )
    if result.image_source.origin.random:
        _print_line("Random weights: good for measuring speed and size, not for searching.")
    _print_line(f"The measurements are in {out}/report.md. Serve the bundle with MODEL_DIR={out}")


def _print_line(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
