"""Encodes with a written bundle, by its manifest: onnxruntime, tokenizers, numpy and Pillow only.

The evaluation uses this instead of the app's encoder, so that a bundle can be judged without the
app; it knows one resize rule, the starter's.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Tokenizer

from model_export.starter.arrays import Floats
from model_export.starter.image.pictures import compute_pixel_values
from model_export.starter.manifest_file import read_manifest

BATCH = 16


class BundleEncoder:
    def __init__(self, bundle: Path, *, graphs: Path | None = None, threads: int = 2) -> None:
        """`graphs`: another folder to take the ONNX files from (the float32 ones of the build)."""
        self.manifest = read_manifest(bundle)
        self._image, self._text = self.manifest["image"], self.manifest["text"]
        if self._image["resize"] != "pad" or self._text["lowercase"]:
            message = "this evaluation knows only the starter's preprocessing"
            raise ValueError(message)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        folder = graphs or bundle
        self._image_session = onnxruntime.InferenceSession(folder / self._image["file"], options)
        self._text_session = onnxruntime.InferenceSession(folder / self._text["file"], options)
        self._tokenizer = Tokenizer.from_file(str(bundle / self._text["tokenizer"]))
        self._tokenizer.enable_truncation(self._text["max_tokens"])
        self._tokenizer.enable_padding(pad_id=self._text["pad_id"])

    def encode_images(self, pictures: Iterable[Image.Image]) -> Floats:
        """Returns unit vectors [n, 512]; only one batch of pictures is in memory at a time."""
        remaining = iter(pictures)
        batches = iter(lambda: list(islice(remaining, BATCH)), [])
        return np.concatenate([self._encode_batch(batch) for batch in batches])

    def encode_texts(self, texts: list[str]) -> Floats:
        """Returns unit vectors [n, 512]."""
        encodings = self._tokenizer.encode_batch(texts)
        names = self._text["inputs"]
        feed = {
            names["ids"]: np.array([encoding.ids for encoding in encodings], np.int64),
            names["mask"]: np.array([encoding.attention_mask for encoding in encodings], np.int64),
        }
        vectors: Floats = self._text_session.run([self._text["output"]], feed)[0]
        return vectors

    def _encode_batch(self, pictures: list[Image.Image]) -> Floats:
        feed = {self._image["input"]: compute_pixel_values(pictures)}
        vectors: Floats = self._image_session.run([self._image["output"]], feed)[0]
        return vectors
