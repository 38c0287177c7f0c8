"""The text tower: `input_ids`, `attention_mask` int64 [n, length] -> unit `text_embeds` [n, 512].

A weighted mean of token vectors and one linear layer: no attention, so word order does not count,
and a query costs microseconds.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from model_export.starter import layout
from model_export.starter.arrays import Floats
from model_export.starter.class_space import ClassSpace
from model_export.starter.colours import ColourTerms
from model_export.starter.vocabulary import SPECIAL_TOKENS

TOKEN_DIMENSION = 256
# A colour word speaks through the colour block; in the meaning block "red dress" would find roses.
COLOUR_WORD_FADE = math.exp(-1)
_LOG_WEIGHT_RANGE = (-6.0, 3.0)


class BagOfTokens(nn.Module):  # type: ignore[misc]  # torch is untyped where mypy runs
    """What is learnt: a vector and a weight per token, and the way back to the teacher's space."""

    def __init__(self, vectors: Floats, projection: Floats, offset: Floats) -> None:
        """vectors [rows, 256]; projection [384, 256]; offset [384]: the starting points."""
        super().__init__()
        rows, dimension = vectors.shape
        self.vectors = nn.Embedding(rows, dimension, sparse=True)
        self.vectors.weight.data = torch.from_numpy(vectors)
        self.log_weights = nn.Embedding(rows, 1, sparse=True)
        self.log_weights.weight.data = torch.zeros(rows, 1)
        self.output = nn.Linear(dimension, len(projection))
        self.output.weight.data = torch.from_numpy(projection)
        self.output.bias.data = torch.from_numpy(offset)

    def token_weights(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.exp(self.log_weights(ids).clamp(*_LOG_WEIGHT_RANGE))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """ids [n, length], 0 where there is no token -> unit [n, 384], in the teacher's space."""
        weights = self.token_weights(ids) * (ids > 0)[..., None]
        mean = (self.vectors(ids) * weights).sum(1) / (weights.sum(1) + 1e-6)
        return functional.normalize(self.output(mean), dim=-1)


class TextTower(nn.Module):  # type: ignore[misc]  # torch is untyped where mypy runs
    """The learnt bag, centred like the classes, beside the colour block."""

    def __init__(
        self, bag: BagOfTokens, classes: ClassSpace, colours: ColourTerms, tokenizer: Tokenizer
    ) -> None:
        super().__init__()
        row_colours = colour_rows(colours, tokenizer)
        self.vectors = nn.Parameter(bag.vectors.weight.detach().clone())
        self.output = bag.output
        self.register_buffer("weights", inference_weights(bag, row_colours, tokenizer))
        self.register_buffer("centre", torch.from_numpy(classes.centre))
        # most rows name no colour: one byte a row points into the few that do
        table, index = np.unique(row_colours, axis=0, return_inverse=True)
        self.register_buffer("colour_table", torch.from_numpy(table))
        self.register_buffer("colour_index", torch.from_numpy(index.reshape(-1).astype(np.uint8)))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        present = attention_mask.float()[..., None]
        weights = self.weights[input_ids][..., None] * present
        vectors = functional.embedding(input_ids, self.vectors)
        mean = (vectors * weights).sum(1) / (weights.sum(1) + 1e-6)
        meaning = functional.normalize(self.output(mean), dim=-1) - self.centre
        blocks = [
            functional.normalize(meaning, dim=-1),
            layout.TEXT_COLOUR_WEIGHT * self.colour(input_ids, present),
            torch.zeros_like(meaning[:, : layout.VISUAL + layout.PADDING]),
        ]
        return functional.normalize(torch.cat(blocks, -1), dim=-1)

    def colour(self, input_ids: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """[n, 11]: the colour words' sum, at most 1 long; zero for a text that names no colour."""
        total = (self.colour_table[self.colour_index[input_ids].long()] * present).sum(1)
        return total / torch.clamp(total.norm(dim=-1, keepdim=True), min=1.0)


def colour_rows(colours: ColourTerms, tokenizer: Tokenizer) -> Floats:
    """[rows, 11]: the colour each vocabulary row names, zero for the rest."""
    rows = np.zeros((tokenizer.get_vocab_size(), layout.COLOUR), np.float32)
    for word, vector in colours.words.items():
        row = tokenizer.token_to_id(word)
        if row is None:
            raise ValueError(f"the colour word {word!r} has no row in the vocabulary")
        rows[row] = vector
    return rows


def inference_weights(bag: BagOfTokens, row_colours: Floats, tokenizer: Tokenizer) -> torch.Tensor:
    """[rows]: the learnt weights, lower for colour words, zero for [CLS] and its like."""
    with torch.no_grad():
        weights = bag.token_weights(torch.arange(len(row_colours)))[:, 0].clone()
    weights[torch.from_numpy(row_colours.any(axis=1))] *= COLOUR_WORD_FADE
    weights[[tokenizer.token_to_id(token) for token in SPECIAL_TOKENS]] = 0
    return weights
