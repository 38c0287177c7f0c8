"""The image tower's colour block: how much of each basic colour term the object shows."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from model_export.starter.colours import ColourTerms
from model_export.starter.image.pictures import SIZE

CELL = 8  # pixels a side; 28 x 28 cells
GRID = SIZE // CELL
# CIE Lab distances squared. At 11 from an anchor its share has fallen to 1/e ...
ANCHOR_SPREAD = 120.0
# ... and a cell 18 from the border's colour counts as object more than as background.
BACKGROUND_SPREAD = 18.0**2
BACKGROUND_FLOOR = 0.03  # keeps a picture without any object (one flat colour) defined
CENTRE_SPREAD = 0.5  # of the half-width squared: objects sit in the middle of product pictures
BORDER = 2  # cells
# sRGB (D65) to XYZ, IEC 61966-2-1, with the white point divided out
_RGB_TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_WHITE_POINT = (0.9505, 1.0, 1.089)


def convert_to_lab(rgb: torch.Tensor) -> torch.Tensor:
    """Converts sRGB [..., 3] in 0..1 to CIE Lab.

    The gamma is a plain 2.2, and cube roots have no linear part: no branches in the graph.
    """
    linear = torch.clamp(rgb, 1e-4, 1).pow(2.2)
    to_xyz = torch.tensor(_RGB_TO_XYZ).t() / torch.tensor(_WHITE_POINT)
    x, y, z = (linear @ to_xyz + 1e-4).pow(1 / 3).unbind(-1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def make_border_mask() -> torch.Tensor:
    """Returns [cells, 1], which sums to 1 over the outermost cells."""
    ring = torch.ones(GRID, GRID)
    ring[BORDER:-BORDER, BORDER:-BORDER] = 0
    return (ring / ring.sum()).reshape(-1, 1)


def make_centre_prior() -> torch.Tensor:
    """Returns [cells]: 1 in the middle, less towards the corners."""
    half = (GRID - 1) / 2
    offset = (torch.arange(GRID) - half) / (half + 0.5)
    return torch.exp(-(offset[:, None] ** 2 + offset[None] ** 2) / CENTRE_SPREAD).flatten()


class ColourBlock(nn.Module):  # type: ignore[misc]  # torch is untyped where mypy runs
    """sRGB [n, 3, 224, 224] -> unit [n, 11]."""

    def __init__(self, colours: ColourTerms) -> None:
        super().__init__()
        self.register_buffer("anchors", convert_to_lab(torch.from_numpy(colours.anchors)))
        self.register_buffer("anchor_terms", torch.from_numpy(colours.anchor_terms))
        self.register_buffer("border", make_border_mask())
        self.register_buffer("centre", make_centre_prior())

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        cells = convert_to_lab(functional.avg_pool2d(rgb, CELL).flatten(2).transpose(1, 2))
        weights = self.weigh_cells(cells)[..., None]
        terms = (self.compute_terms(cells) * weights).sum(1) / weights.sum(1)
        return functional.normalize(terms, dim=-1)

    def weigh_cells(self, cells: torch.Tensor) -> torch.Tensor:
        """Returns [n, cells]: high in the middle and where the colour differs from the border's."""
        background = (cells * self.border).sum(1, keepdim=True)
        difference = ((cells - background) ** 2).sum(-1)
        return (1 - torch.exp(-difference / BACKGROUND_SPREAD) + BACKGROUND_FLOOR) * self.centre

    def compute_terms(self, cells: torch.Tensor) -> torch.Tensor:
        """Returns [n, cells, 11]: the share of each term, by a cell's distance to its anchors."""
        products = cells @ self.anchors.t()
        distances = (cells**2).sum(-1, keepdim=True) - 2 * products + (self.anchors**2).sum(-1)
        return torch.softmax(-distances / ANCHOR_SPREAD, -1) @ self.anchor_terms
