"""Random models of a real architecture: speed, memory and size do not depend on the weights.

Weights are seeded, and drawn a little wider than transformers does, so that different inputs give
different vectors. The tokenizer is trained on the sample catalogue and filled up to the
configuration's vocabulary size, so that its file has the real size.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from samples.catalogue import load

SEED = 0
WEIGHT_STD = 0.04
"""For every matrix. With transformers' 0.02 a deep tower gives the same vector for all pictures."""


def randomise(model: torch.nn.Module) -> None:
    """Fills the weights in place; norms stay ones and biases zeros."""
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, values in model.named_parameters():
            if values.ndim > 1 or name.endswith("class_embedding"):
                values.normal_(0.0, WEIGHT_STD, generator=generator)


def list_sample_texts() -> list[str]:
    """Returns the English and French texts of the sample catalogue, without repeats."""
    texts = itertools.chain.from_iterable(
        (p.name, p.description, p.name_fr, p.description_fr) for p in load()
    )
    return list(dict.fromkeys(texts))


def make_clip_tokenizer(vocabulary: int) -> Any:
    """Returns a byte-level BPE tokenizer like CLIP's, with its two special tokens last."""
    from transformers import CLIPTokenizer

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    base = [*alphabet, *(letter + "</w>" for letter in alphabet)]
    if vocabulary < len(base) + 2:
        raise ValueError(f"a CLIP vocabulary has at least {len(base) + 2} entries")
    merges = list(itertools.islice(_generate_merges(base), vocabulary - len(base) - 2))
    tokens = [*base, *(first + second for first, second in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocab, merges=merges)


def _generate_merges(base: list[str]) -> Iterator[tuple[str, str]]:
    """Yields merges learnt from the samples, then pairs of any two letters to fill up."""
    trainer = trainers.BpeTrainer(
        vocab_size=6000,
        end_of_word_suffix="</w>",
        initial_alphabet=base[: len(base) // 2],
        show_progress=False,
    )
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Lowercase()
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    trained.train_from_iterator(list_sample_texts(), trainer)
    tokens: set[str] = set(base)
    learnt_merges = json.loads(trained.to_str())["model"]["merges"]
    for first, second in itertools.chain(
        learnt_merges, itertools.product(base[: len(base) // 2], base)
    ):
        if first in tokens and second in tokens and first + second not in tokens:
            tokens.add(first + second)
            yield first, second


def make_wordpiece_tokenizer(vocabulary: int) -> Any:
    """Returns a tokenizer like BERT's, cased and with accents, of at most this many entries."""
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(strip_accents=False, lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(list_sample_texts(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")


def make_unigram_tokenizer(vocabulary: int) -> Any:
    """Returns a tokenizer like SigLIP's: sentencepiece pieces and an end token, no start token."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=vocabulary,
        special_tokens=["<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(list_sample_texts(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", eos_token="</s>"
    )
