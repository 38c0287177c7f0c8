"""Writes the golden vectors of the bundle in MODEL_DIR: ``python -m tests.golden.make``.

Run it when the bundle was replaced on purpose, and look at the printed cosines to the former
vectors: that is how far every answer moves.
"""

import json
from pathlib import Path

import numpy as np

from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.golden.pictures import PICTURES, TEXTS

FILE = Path(__file__).with_name("starter.json")
NAMES = {"texts": TEXTS, "pictures": list(PICTURES)}


def vectors(encoder: ClipEncoder) -> dict[str, list[list[float]]]:
    pictures = encoder.encode_images([encoder.decode(data) for data in PICTURES.values()])
    texts = np.stack([found.vector for found in encoder.encode_texts(TEXTS)])
    return {
        "texts": texts.astype(float).round(5).tolist(),
        "pictures": pictures.astype(float).round(5).tolist(),
    }


def compare(former: dict, found: dict) -> None:
    print(f"fingerprint {former['fingerprint']} -> {found['fingerprint']}")
    for kind, names in NAMES.items():
        if np.shape(former[kind]) != np.shape(found[kind]):
            print(f"{kind}: shape {np.shape(former[kind])} -> {np.shape(found[kind])}")
            continue
        for name, old, new in zip(names, former[kind], found[kind], strict=True):
            print(f"{np.dot(old, new):.4f}  {name[:60]}")


def main() -> None:
    encoder = open_encoder(Settings.from_env())
    found = {"fingerprint": encoder.model.fingerprint, **vectors(encoder)}
    if FILE.exists():
        compare(json.loads(FILE.read_text()), found)
    FILE.write_text(json.dumps(found).replace("], ", "],\n") + "\n")  # a vector per line


if __name__ == "__main__":
    main()
