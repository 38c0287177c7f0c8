"""EfficientNet-Lite0, trained on ImageNet-1k: 1280 features and 1000 class scores."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torch import nn
from tqdm import tqdm

from model_export.starter import sources
from model_export.starter.arrays import Floats
from model_export.starter.image.pictures import CLIP_MEAN, CLIP_STD, compute_pixel_values

BATCH = 16


class Backbone(nn.Module):  # type: ignore[misc]  # torch is untyped where mypy runs
    """Undoes CLIP's normalisation and applies that of the Lite models.

    That is (rgb - 127) / 128; with ImageNet's mean and deviation it classifies worse.
    """

    def __init__(self) -> None:
        super().__init__()
        weights = sources.BACKBONE_WEIGHTS.locate()
        self.network = EfficientNet.from_pretrained(
            "efficientnet-lite0", weights_path=str(weights)
        ).eval()
        self.register_buffer("mean", torch.tensor(CLIP_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(CLIP_STD).view(1, 3, 1, 1))

    def to_rgb(self, pixels: torch.Tensor) -> torch.Tensor:
        """Returns sRGB in 0..1, [n, 3, 224, 224]."""
        return torch.clamp(pixels * self.std + self.mean, 0, 1)

    def extract_features(self, rgb: torch.Tensor) -> torch.Tensor:
        """Returns mean-pooled features [n, 1280]."""
        return self.network.extract_features((rgb * 255 - 127) / 128).mean((2, 3))

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Returns class logits [n, 1000]."""
        return self.network._fc(features)


def compute_features(backbone: Backbone, pictures: Iterable[Image.Image]) -> Floats:
    """Returns the features of all pictures [n, 1280]."""
    remaining = iter(pictures)
    batches = iter(lambda: list(islice(remaining, BATCH)), [])
    rows: list[Floats] = []
    for batch in tqdm(batches, desc="pictures", unit="batch", mininterval=10):
        with torch.inference_mode():
            pixels = torch.from_numpy(compute_pixel_values(batch))
            rows.append(backbone.extract_features(backbone.to_rgb(pixels)).numpy())
    return np.concatenate(rows)
