"""The image tower: `pixel_values` [n, 3, 224, 224] -> unit `image_embeds` [n, 512].

It is assembled from parts; nothing in it is trained here.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from model_export.starter import layout
from model_export.starter.colours import ColourTerms
from model_export.starter.image.backbone import Backbone
from model_export.starter.image.colour_block import ColourBlock
from model_export.starter.image.visual_block import VisualProjection
from model_export.starter.meaning.class_space import ClassSpace

# Softer than 1: the runners-up describe a thing that is none of the 1000 classes.
# Chosen on the development half of the evaluation captions.
TEMPERATURE = 2.0


class StarterImageTower(nn.Module):  # type: ignore[misc]  # torch is untyped where mypy runs
    def __init__(
        self,
        backbone: Backbone,
        classes: ClassSpace,
        visual: VisualProjection,
        colours: ColourTerms,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.colour = ColourBlock(colours)
        self.visual = nn.Linear(*visual.matrix.shape[::-1])
        self.visual.weight.data = torch.from_numpy(visual.matrix)
        self.visual.bias.data = torch.from_numpy(-visual.matrix @ visual.mean)
        self.class_vectors = nn.Parameter(torch.from_numpy(classes.vectors))

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        rgb = self.backbone.to_rgb(pixel_values)
        features = self.backbone.extract_features(rgb)
        blocks = [
            functional.normalize(self.compute_meaning(features), dim=-1),
            layout.IMAGE_COLOUR_WEIGHT * self.colour(rgb),
            layout.IMAGE_VISUAL_WEIGHT * functional.normalize(self.visual(features), dim=-1),
            torch.zeros_like(features[:, : layout.PADDING]),
        ]
        return functional.normalize(torch.cat(blocks, -1), dim=-1)

    def compute_meaning(self, features: torch.Tensor) -> torch.Tensor:
        """Returns [n, 384]: the mean of the class vectors, weighted by the classifier."""
        return (self.backbone.classify(features) / TEMPERATURE).softmax(-1) @ self.class_vectors
