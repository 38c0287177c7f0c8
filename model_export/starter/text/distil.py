"""Distils the teacher into the bag of tokens, in one pass over the phrases."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from tqdm import tqdm

from model_export.starter.arrays import Floats
from model_export.starter.text.text_tower import TOKEN_DIMENSION, BagOfTokens

MAX_TOKENS = 16  # nearly all phrases are shorter
BATCH = 512
HELD_OUT = 3_000  # phrases never trained on, to print how well the tower follows
VECTOR_RATE, LAYER_RATE = 3e-3, 1e-3
# Similarities between the phrases of a batch count as well as each phrase's own direction.
RELATION_WEIGHT = 5.0
# The mean of all phrases is a direction every text shares; the layer starts with a part of it and
# learns the rest.
OFFSET_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Lesson:
    """ids int64 [n, 16], zero-padded; targets float32 [n, 384], the teacher's unit vectors."""

    ids: torch.Tensor
    targets: torch.Tensor


def make_lesson(tokenizer: Tokenizer, phrases: list[str], targets: Floats) -> Lesson:
    ids = np.zeros((len(phrases), MAX_TOKENS), np.int64)
    for row, encoding in enumerate(tokenizer.encode_batch(phrases, add_special_tokens=False)):
        tokens = encoding.ids[:MAX_TOKENS]
        ids[row, : len(tokens)] = tokens
    return Lesson(torch.from_numpy(ids), torch.from_numpy(targets))


def make_initial_bag(token_vectors: Floats, phrase_vectors: Floats) -> BagOfTokens:
    """Returns a bag that starts from the teacher's vector of each token.

    Of the teacher's space it keeps the 256 directions that vary most between phrases.
    """
    mean = phrase_vectors.mean(axis=0)
    centred = (phrase_vectors - mean).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    projection = np.asarray(directions[:, ::-1][:, :TOKEN_DIMENSION], np.float32)
    vectors = np.asarray((token_vectors - mean) @ projection, np.float32)
    return BagOfTokens(
        vectors, np.ascontiguousarray(projection), np.asarray(mean * OFFSET_SHARE, np.float32)
    )


def distil(bag: BagOfTokens, lesson: Lesson, *, seed: int) -> None:
    """Trains the bag in place for one epoch; after a second one, held-out phrases fit worse."""
    generator = torch.Generator().manual_seed(seed)
    train = torch.randperm(len(lesson.ids) - HELD_OUT, generator=generator) + HELD_OUT
    steps = len(train) // BATCH
    rows = [*bag.vectors.parameters(), *bag.log_weights.parameters()]
    optimisers = [
        torch.optim.SparseAdam(rows, lr=VECTOR_RATE),
        torch.optim.Adam(bag.output.parameters(), lr=LAYER_RATE),
    ]
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(optimiser, make_cosine_schedule(steps))
        for optimiser in optimisers
    ]
    print(f"cosine with the teacher, held-out phrases: before {measure_agreement(bag, lesson):.3f}")
    for batch in tqdm(
        train[: steps * BATCH].split(BATCH), desc="distil", unit="batch", mininterval=10
    ):
        loss = compute_loss(bag(lesson.ids[batch]), lesson.targets[batch])
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss.backward()
        for stepper in (*optimisers, *schedules):
            stepper.step()
    print(f"cosine with the teacher, held-out phrases: after {measure_agreement(bag, lesson):.3f}")


def compute_loss(vectors: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    own = (1 - (vectors * targets).sum(-1)).mean()
    between = ((vectors @ vectors.T - targets @ targets.T) ** 2).mean()
    return own + RELATION_WEIGHT * between


def measure_agreement(bag: BagOfTokens, lesson: Lesson) -> float:
    """Returns the mean cosine with the teacher over the held-out phrases."""
    with torch.inference_mode():
        vectors = bag(lesson.ids[:HELD_OUT])
        return float((vectors * lesson.targets[:HELD_OUT]).sum(-1).mean())


def make_cosine_schedule(steps: int) -> Callable[[int], float]:
    """Returns the factor of the learning rate at each step: from 1 to 0 along half a cosine."""
    return lambda step: 0.5 * (1 + math.cos(math.pi * min(step, steps) / steps))
