"""Reads how pictures are prepared from the checkpoint's preprocessor_config.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model_export.errors import ExportError
from model_export.source import Preprocessing

if TYPE_CHECKING:
    from model_export.loading.checkout import Checkout

CLIP = Preprocessing(
    "crop",
    "bicubic",
    (0.48145466, 0.4578275, 0.40821073),
    (0.26862954, 0.26130258, 0.27577711),
)
"""For random models only (github.com/openai/CLIP, clip.py, _transform)."""
SIGLIP = Preprocessing("squash", "bicubic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

_RESAMPLE = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""In the order of Pillow's numbers."""


def read_preprocessing(checkout: Checkout, image_size: int) -> Preprocessing:
    """Raises ExportError for a way of preparing pictures that a manifest cannot express."""
    facts = _read_settings(checkout)
    for step in ("do_resize", "do_rescale", "do_normalize"):
        if not facts.get(step, True):
            raise ExportError(f"{checkout.name}: {step} false is not supported")
    if abs(facts.get("rescale_factor", 1 / 255) - 1 / 255) > 1e-6:
        raise ExportError(f"{checkout.name}: a rescale_factor other than 1/255 is not supported")
    rule = _choose_resize_rule(checkout.name, facts, image_size)
    try:
        red, green, blue = (float(value) for value in facts["image_mean"])
        std_red, std_green, std_blue = (float(value) for value in facts["image_std"])
        interpolation = _RESAMPLE[facts.get("resample", 3)]
    except (TypeError, ValueError, IndexError) as exc:
        raise ExportError(
            f"{checkout.name} does not say how its pictures are prepared: image_mean and image_std "
            "are three numbers each, resample is 0 to 5"
        ) from exc
    return Preprocessing(rule, interpolation, (red, green, blue), (std_red, std_green, std_blue))


def _read_settings(checkout: Checkout) -> dict[str, Any]:
    """Reads preprocessor_config.json, or processor_config.json, where transformers 5 saves it."""
    if checkout.has("preprocessor_config.json"):
        facts = checkout.read_json("preprocessor_config.json")
    else:
        facts = checkout.read_json("processor_config.json").get("image_processor")
    if not isinstance(facts, dict) or not {"size", "image_mean", "image_std"} <= facts.keys():
        raise ExportError(f"{checkout.name} does not say how its pictures are prepared")
    return facts


def _choose_resize_rule(name: str, facts: dict[str, Any], image_size: int) -> Any:
    size, crop = facts["size"], facts.get("crop_size")
    shortest = size if isinstance(size, int) else size.get("shortest_edge")
    cropped = crop if isinstance(crop, int) or crop is None else crop.get("height")
    if facts.get("do_center_crop") and shortest == cropped == image_size:
        return "crop"
    exact = isinstance(size, dict) and size.get("height") == size.get("width") == image_size
    if exact and not facts.get("do_center_crop"):
        return "squash"
    raise ExportError(
        f"{name}: pictures resized to {size} and cropped to {crop} for a tower of {image_size} "
        "pixels; supported are the shortest edge cropped to the same size, and both edges"
    )
