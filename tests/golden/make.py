"""Writes the golden vectors of the bundle in MODEL_DIR: ``python -m tests.golden.make``.

Run it when the bundle was replaced on purpose, and look at the printed cosines to the former
vectors: that is how far every vector moves.
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


def embed_golden(encoder: ClipEncoder) -> dict[str, list[list[float]]]:
    pictures = encoder.encode_images([encoder.decode(data) for data in PICTURES.values()])
    texts = np.stack([text.vector for text in encoder.encode_texts(TEXTS)])
    return {
        "texts": texts.astype(float).round(5).tolist(),
        "pictures": pictures.astype(float).round(5).tolist(),
    }


def compare(former: dict, current: dict) -> None:
    print(f"fingerprint {former['fingerprint']} -> {current['fingerprint']}")
    for kind, names in NAMES.items():
        if np.shape(former[kind]) != np.shape(current[kind]):
            print(f"{kind}: shape {np.shape(former[kind])} -> {np.shape(current[kind])}")
            continue
        for name, old, new in zip(names, former[kind], current[kind], strict=True):
            print(f"{np.dot(old, new):.4f}  {name[:60]}")


def main() -> None:
    encoder = open_encoder(Settings.from_env())
    current = {"fingerprint": encoder.model.fingerprint, **embed_golden(encoder)}
    if FILE.exists():
        compare(json.loads(FILE.read_text()), current)
    FILE.write_text(json.dumps(current).replace("], ", "],\n") + "\n")  # a vector per line


if __name__ == "__main__":
    main()
