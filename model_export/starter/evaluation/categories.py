"""Category queries ("fruit"), for which every stamp of a folder is right."""

from __future__ import annotations

import numpy as np

from model_export.starter.arrays import Floats
from model_export.starter.evaluation.bundle_encoder import BundleEncoder
from model_export.starter.evaluation.stamps import Stamp

# query -> folder of the right stamps
CATEGORIES = {
    "bird": "animals/birds",
    "insect": "animals/insects",
    "fish": "animals/fish",
    "mammal": "animals/mammals",
    "fruit": "food/fruit",
    "vegetable": "food/vegetables",
    "flower": "plants/flowers",
    "tree": "plants/trees",
    "musical instrument": "hobbies/music",
    "hat": "clothes/hats",
    "clothing": "clothes",
    "vehicle": "vehicles",
    "kitchen dishes": "household/dishes",
    "tool": "household/tools",
    "food": "food",
    "building": "town",
    "dessert": "food/dessert",
}


def measure_category_precision(
    encoder: BundleEncoder, stamps: list[Stamp], images: Floats
) -> float:
    """Returns the mean share of the first ten pictures that lie in the category's folder."""
    shares = []
    for text, folder in zip(
        encoder.encode_texts(list(CATEGORIES)), CATEGORIES.values(), strict=True
    ):
        first_ten = np.argsort(-(images @ text))[:10]
        shares.append(np.mean([stamps[row].place.startswith(f"{folder}/") for row in first_ten]))
    return round(float(np.mean(shares)), 2)
