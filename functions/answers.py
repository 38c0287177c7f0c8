"""The JSON shapes of answers: the field names here are the API's contract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shared_code.core.failures import Failure
from shared_code.core.products import ImageRef, Kind, ModelInfo, Product, ProductText
from shared_code.core.reconcile_state import Progress
from shared_code.core.search import Answer, Result
from shared_code.health import Health
from shared_code.version import __version__

if TYPE_CHECKING:
    from shared_code.core.products import Vector

IMAGES_PATH = "/api/v1/images/"

RANDOM_WEIGHTS = (
    "The model's weights are random: for measuring speed and size only. What searches find means "
    "nothing. Set MODEL_DIR to a real bundle."
)

SCORE_DIGITS = 4
"""float32 cosines of an int8 model differ in the fifth digit between machines."""


def search_answer(answer: Answer, model: ModelInfo, **about: Any) -> dict[str, Any]:
    body = {
        **about,
        "model": model.name,
        "mode": answer.mode,
        "count": len(answer.results),
        "results": [_result(result) for result in answer.results],
    }
    if answer.warnings:
        body["warnings"] = list(answer.warnings)
    return body


def product(found: Product) -> dict[str, Any]:
    first = found.images[0] if found.images else None
    return _shown(found.text, first, found.images)


def indexed(
    text: ProductText, embedding_type: Kind, model: ModelInfo, blobs: Sequence[str] = ()
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": "indexed",
        "product_id": text.product_id,
        "message": f"{text.name} can be found now.",
        "embedding_type": embedding_type,
        "embedding_dimension": model.dimension,
    }
    return {**body, "images": [image_url(blob) for blob in blobs]} if blobs else body


def failure(found: Failure) -> dict[str, Any]:
    return {
        "blob": found.blob,
        "product_id": found.product_id,
        "reason": found.reason,
        "at": found.at,
    }


def reconciled(progress: Progress, *, dry_run: bool) -> dict[str, Any]:
    """Counts since the pass was begun, by this call or an earlier one."""
    counted = progress.totals
    return {
        "done": progress.is_done,
        "dry_run": dry_run,
        "phase": progress.phase,
        "began": progress.began,
        "blobs": counted["blobs"],
        "points": counted["points"],
        "indexed": counted["indexed"],
        "removed": counted["removed"],
        "failed": counted["failed"],
        "known_failures": counted["known failures"],
        "failures_cleared": counted["failure cleared"],
        "errors": counted["errors"],
        "examples": progress.examples,
    }


def health(report: Health, *, show_checks: bool) -> dict[str, Any]:
    """The checks are shown when asked for, and whenever one of them fails."""
    name = report.model.name if report.model else None
    body: dict[str, Any] = {"status": report.status, "version": __version__, "model": name}
    if report.model and report.model.random_weights:
        body["warnings"] = [RANDOM_WEIGHTS]
    shown = show_checks or report.status != "running"
    return {**body, "checks": report.checks} if shown else body


def model_facts(model: ModelInfo) -> dict[str, Any]:
    facts = {
        "name": model.name,
        "dimension": model.dimension,
        "precision": model.precision,
        "fingerprint": model.fingerprint,
    }
    if model.random_weights:
        return {**facts, "random_weights": True, "warning": RANDOM_WEIGHTS}
    return facts


def numbers(vector: Vector) -> list[float]:
    listed: list[float] = vector.tolist()
    return listed


def image_url(blob: str) -> str:
    """The path under which ``GET images`` serves the blob, percent-encoded."""
    return IMAGES_PATH + quote(blob)


def _result(result: Result) -> dict[str, Any]:
    parts = {kind: round(score, SCORE_DIGITS) for kind, score in result.scores.items()}
    scores = {"score": round(result.score, SCORE_DIGITS), "scores": parts}
    return _shown(result.product, result.image, result.images, **scores)


def _shown(
    text: ProductText, image: ImageRef | None, images: Iterable[ImageRef], **scores: Any
) -> dict[str, Any]:
    """A product wherever the API shows one; ``image`` is the picture that stands for it."""
    return {
        "id": text.product_id,
        "name": text.name,
        "description": text.description,
        **scores,
        "image_url": image_url(image.blob) if image else None,
        "images": _urls(images),
        "metadata": text.metadata,
    }


def _urls(images: Iterable[ImageRef]) -> list[str]:
    return [image_url(image.blob) for image in images]
