"""The text tower: `input_ids`, `attention_mask` int64 [n, length] -> unit `text_embeds` [n, 512].

A weighted mean of token vectors and one linear layer: no attention, so word order does not count,
and a query takes microseconds. A word of both languages ("four") is read in that of its neighbours.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from model_export.starter import layout
from model_export.starter.arrays import Floats
from model_export.starter.french.vocabulary import FrenchVocabulary
from model_export.starter.meaning.class_space import ClassSpace
from model_export.starter.text.row_facts import RowFacts

TOKEN_DIMENSION = 256
# In a French text an unknown word is split into English pieces, which mislead.
BROKEN_FADE = math.exp(-1)
REACH = 6  # tokens to each side that decide a token's language: in most queries, all of them
_LOG_WEIGHT_RANGE = (-6.0, 3.0)


class BagOfTokens(nn.Module):  # type: ignore[misc]  # torch is untyped where mypy runs
    """The part that learns: a vector and a weight per token, a layer into the teacher's space."""

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

    def compute_token_weights(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.exp(self.log_weights(ids).clamp(*_LOG_WEIGHT_RANGE))

    def list_weights(self) -> Floats:
        """Returns the weights of all rows: [rows]."""
        with torch.no_grad():
            weights: Floats = torch.exp(self.log_weights.weight.clamp(*_LOG_WEIGHT_RANGE)).numpy()
        return weights[:, 0]

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """ids [n, length], 0 where there is no token -> unit [n, 384], in the teacher's space."""
        weights = self.compute_token_weights(ids) * (ids > 0)[..., None]
        mean = (self.vectors(ids) * weights).sum(1) / (weights.sum(1) + 1e-6)
        return functional.normalize(self.output(mean), dim=-1)


class StarterTextTower(nn.Module):  # type: ignore[misc]  # torch is untyped where mypy runs
    """The trained bag, centred like the classes, next to the colour block."""

    def __init__(
        self, bag: BagOfTokens, classes: ClassSpace, facts: RowFacts, french: FrenchVocabulary
    ) -> None:
        super().__init__()
        self.vectors = nn.Parameter(bag.vectors.weight.detach().clone())
        self.output = bag.output
        self.register_buffer("weights", torch.from_numpy(facts.weights))
        self.register_buffer("centre", torch.from_numpy(classes.centre))
        # most rows name no colour: one byte a row points into the few that do
        table, index = np.unique(facts.colours, axis=0, return_inverse=True)
        self.register_buffer("colour_table", torch.from_numpy(table))
        self.register_buffer("colour_index", torch.from_numpy(index.reshape(-1).astype(np.uint8)))
        self.english_ids = french.english_ids
        self.register_buffer("french_row", torch.from_numpy(french.row))
        # quarters, as bytes
        self.register_buffer("evidence", torch.from_numpy((4 * french.evidence).astype(np.int8)))
        self.register_buffer("is_piece", torch.from_numpy(french.is_piece.astype(np.int8)))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        present = attention_mask.float()
        broken = self.find_word_pieces(input_ids) * present
        is_french = self.is_french(input_ids, present * (1 - broken))
        rows = self.choose_rows(input_ids, is_french)
        faded = (1 - BROKEN_FADE) * broken * is_french.float()
        weights = (self.weights[rows] * present * (1 - faded))[..., None]
        vectors = functional.embedding(rows, self.vectors)
        mean = (vectors * weights).sum(1) / (weights.sum(1) + 1e-6)
        meaning = functional.normalize(self.output(mean), dim=-1) - self.centre
        blocks = [
            functional.normalize(meaning, dim=-1),
            layout.TEXT_COLOUR_WEIGHT * self.compute_colour(rows, present[..., None]),
            torch.zeros_like(meaning[:, : layout.VISUAL + layout.PADDING]),
        ]
        return functional.normalize(torch.cat(blocks, -1), dim=-1)

    def find_word_pieces(self, ids: torch.Tensor) -> torch.Tensor:
        """Returns [n, length]: 1 where a token is part of a word that is not in the vocabulary."""
        pieces = self.is_piece[ids].float()
        following = torch.cat([pieces[:, 1:], torch.zeros_like(pieces[:, :1])], 1)
        return torch.maximum(pieces, following)

    def is_french(self, ids: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
        """Returns [n, length]: whether the whole words around a token are more French than English.

        Only those around it count: a product may be described in one language after the other.
        """
        evidence = (self.evidence[ids].float() * whole)[:, None]
        return functional.avg_pool1d(evidence, 2 * REACH + 1, stride=1, padding=REACH)[:, 0] > 0

    def choose_rows(self, ids: torch.Tensor, is_french: torch.Tensor) -> torch.Tensor:
        """Returns [n, length]: the row of each token in its language."""
        return torch.where(is_french | (ids >= self.english_ids), self.french_row[ids].long(), ids)

    def compute_colour(self, rows: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """Returns [n, 11]: the sum of the colour words, at most 1 long; zero if there are none."""
        total = (self.colour_table[self.colour_index[rows].long()] * present).sum(1)
        return total / torch.clamp(total.norm(dim=-1, keepdim=True), min=1.0)
