"""Adds French rows to the bag of tokens, which start from English rows and learn from the teacher.

The English rows and the layer do not change, so an English text keeps its vector.
"""

from __future__ import annotations

import numpy as np
import torch
from tokenizers import Tokenizer

from model_export.starter.french.vocabulary import FrenchVocabulary
from model_export.starter.text.distil import (
    BATCH,
    HELD_OUT,
    Lesson,
    compute_loss,
    make_cosine_schedule,
    measure_agreement,
)
from model_export.starter.text.row_facts import encode_senses
from model_export.starter.text.text_tower import BagOfTokens

EPOCHS = 4
VECTOR_RATE = 1e-3
SILENT_LOG_WEIGHT = -6.0  # the lowest the bag knows


def add_french_rows(bag: BagOfTokens, english: Tokenizer, french: FrenchVocabulary) -> BagOfTokens:
    """Returns a larger bag, whose French rows start from their senses in the English bag."""
    starts = [start_row(bag, encode_senses(english, word)) for word in french.words]
    silence = torch.zeros(1, bag.vectors.embedding_dim), torch.full((1, 1), SILENT_LOG_WEIGHT)
    vectors, log_weights = zip(*starts, silence, strict=True)
    layer = bag.output
    larger = BagOfTokens(
        torch.cat([bag.vectors.weight.data, *vectors]).numpy(),
        layer.weight.detach().numpy(),
        layer.bias.detach().numpy(),
    )
    larger.log_weights.weight.data = torch.cat([bag.log_weights.weight.data, *log_weights])
    return larger


def start_row(bag: BagOfTokens, senses: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns vector [1, 256] and log weight [1, 1] of one token: the means over its senses."""
    vectors, weights = [], []
    with torch.no_grad():
        for ids in map(torch.tensor, senses):
            shares = bag.compute_token_weights(ids)
            vectors.append((bag.vectors(ids) * shares).sum(0) / shares.sum())
            weights.append(shares.sum())
    return torch.stack(vectors).mean(0)[None], torch.stack(weights).mean().log().view(1, 1)


def convert_to_rows(lesson: Lesson, french: FrenchVocabulary) -> Lesson:
    """Returns the lesson with rows for ids; all its phrases are French."""
    return Lesson(torch.from_numpy(french.row.astype(np.int64))[lesson.ids], lesson.targets)


def teach_french(bag: BagOfTokens, lesson: Lesson, taught: range, *, seed: int) -> None:
    """Trains the rows `taught` in place, and no others. The lesson holds rows, not ids."""
    generator = torch.Generator().manual_seed(seed)
    tables = [bag.vectors.weight, bag.log_weights.weight]
    optimiser = torch.optim.SparseAdam(tables, lr=VECTOR_RATE)
    steps = (len(lesson.ids) - HELD_OUT) // BATCH
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, make_cosine_schedule(EPOCHS * steps))
    print(f"French: cosine with the teacher, held-out: before {measure_agreement(bag, lesson):.3f}")
    for _ in range(EPOCHS):
        order = torch.randperm(len(lesson.ids) - HELD_OUT, generator=generator) + HELD_OUT
        for batch in order[: steps * BATCH].split(BATCH):
            optimiser.zero_grad()
            compute_loss(bag(lesson.ids[batch]), lesson.targets[batch]).backward()
            for table in tables:
                table.grad = restrict_to_rows(table.grad, taught)
            optimiser.step()
            schedule.step()
    print(f"French: cosine with the teacher, held-out: after {measure_agreement(bag, lesson):.3f}")


def restrict_to_rows(gradient: torch.Tensor, taught: range) -> torch.Tensor:
    """Returns the part of a sparse gradient that belongs to the rows `taught`."""
    gradient = gradient.coalesce()
    rows = gradient.indices()[0]
    is_taught = (rows >= taught.start) & (rows < taught.stop)
    return torch.sparse_coo_tensor(
        gradient.indices()[:, is_taught],
        gradient.values()[is_taught],
        gradient.shape,
        check_invariants=False,
    )
