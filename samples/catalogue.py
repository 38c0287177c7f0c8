"""Reads the sample catalogue. Standard library only: the development host imports it at start."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class SampleProduct:
    product_id: str
    name: str
    description: str
    name_fr: str
    description_fr: str
    metadata: dict[str, Any]
    images: tuple[Path, ...]


def load(folder: Path = FOLDER) -> list[SampleProduct]:
    """Returns the products in the order of the file; picture paths are absolute."""
    return [
        SampleProduct(
            product_id=row["product_id"],
            name=row["name"],
            description=row["description"],
            name_fr=row["name_fr"],
            description_fr=row["description_fr"],
            metadata=row["metadata"],
            images=tuple(folder / image for image in row["images"]),
        )
        for row in json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
    ]


def sidecar(product: SampleProduct) -> dict[str, Any]:
    """Returns the content of the product's ``product.json``: English first, then French."""
    description = f"{product.description} {product.name_fr}. {product.description_fr}"
    return {
        "name": product.name,
        "description": description,
        "metadata": product.metadata,
    }
