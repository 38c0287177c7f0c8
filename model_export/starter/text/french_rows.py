"""The French rows of the bag of tokens: begun as the bag's own English, then taught by the teacher.

The English rows and the layer stay as they are, so an English text keeps its vector.
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
    agreement,
    cosine,
    imitation_loss,
)
from model_export.starter.text.row_facts import sense_ids
from model_export.starter.text.text_tower import BagOfTokens

EPOCHS = 4
VECTOR_RATE = 1e-3
SILENT_LOG_WEIGHT = -6.0  # the lowest the bag knows


def with_french_rows(bag: BagOfTokens, english: Tokenizer, french: FrenchVocabulary) -> BagOfTokens:
    """A larger bag whose French rows say what the English bag says of their senses."""
    starts = [row_start(bag, sense_ids(english, word)) for word in french.words]
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


def row_start(bag: BagOfTokens, senses: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean over the senses: vector [1, 256] and log weight [1, 1] of one token for them all."""
    vectors, weights = [], []
    with torch.no_grad():
        for ids in map(torch.tensor, senses):
            shares = bag.token_weights(ids)
            vectors.append((bag.vectors(ids) * shares).sum(0) / shares.sum())
            weights.append(shares.sum())
    return torch.stack(vectors).mean(0)[None], torch.stack(weights).mean().log().view(1, 1)


def as_rows(lesson: Lesson, french: FrenchVocabulary) -> Lesson:
    """The lesson's ids as rows: its phrases are French, whatever they look like."""
    return Lesson(torch.from_numpy(french.row.astype(np.int64))[lesson.ids], lesson.targets)


def teach_french(bag: BagOfTokens, lesson: Lesson, taught: range, *, seed: int) -> None:
    """In place; only the rows `taught` move. `lesson`: rows, not ids."""
    generator = torch.Generator().manual_seed(seed)
    tables = [bag.vectors.weight, bag.log_weights.weight]
    optimiser = torch.optim.SparseAdam(tables, lr=VECTOR_RATE)
    steps = (len(lesson.ids) - HELD_OUT) // BATCH
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, cosine(EPOCHS * steps))
    print(f"French, held-out phrases, cosine with the teacher: {agreement(bag, lesson):.3f} before")
    for _ in range(EPOCHS):
        order = torch.randperm(len(lesson.ids) - HELD_OUT, generator=generator) + HELD_OUT
        for batch in order[: steps * BATCH].split(BATCH):
            optimiser.zero_grad()
            imitation_loss(bag(lesson.ids[batch]), lesson.targets[batch]).backward()
            for table in tables:
                table.grad = only_rows(table.grad, taught)
            optimiser.step()
            schedule.step()
    print(f"French, held-out phrases, cosine with the teacher: {agreement(bag, lesson):.3f} after")


def only_rows(gradient: torch.Tensor, taught: range) -> torch.Tensor:
    """The sparse gradient of the rows `taught` alone."""
    gradient = gradient.coalesce()
    rows = gradient.indices()[0]
    kept = (rows >= taught.start) & (rows < taught.stop)
    return torch.sparse_coo_tensor(
        gradient.indices()[:, kept],
        gradient.values()[kept],
        gradient.shape,
        check_invariants=False,
    )
