"""Random models of a true architecture: speed, memory and size do not depend on the weights.

Weights are seeded and drawn a little wider than transformers does, so that different inputs
give different vectors; the tokenizer is learnt from the sample catalogue and filled up to the
configuration's vocabulary, so that its file has the real size.
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
"""Of every matrix. transformers' 0.02 makes a deep tower give one vector for every picture."""


def randomise(model: torch.nn.Module) -> None:
    """Fills the weights in place; norms and biases keep their initial ones and zeros."""
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, values in model.named_parameters():
            if values.ndim > 1 or name.endswith("class_embedding"):
                values.normal_(0.0, WEIGHT_STD, generator=generator)


def sample_texts() -> list[str]:
    """English and French words of the sample catalogue, each once."""
    texts = itertools.chain.from_iterable(
        (p.name, p.description, p.name_fr, p.description_fr) for p in load()
    )
    return list(dict.fromkeys(texts))


def clip_tokenizer(vocabulary: int) -> Any:
    """Byte-level BPE as CLIP's, its two special tokens last."""
    from transformers import CLIPTokenizer

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    base = [*alphabet, *(letter + "</w>" for letter in alphabet)]
    if vocabulary < len(base) + 2:
        raise ValueError(f"a CLIP vocabulary has at least {len(base) + 2} entries")
    merges = list(itertools.islice(_merges(base), vocabulary - len(base) - 2))
    tokens = [*base, *(first + second for first, second in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocab, merges=merges)


def _merges(base: list[str]) -> Iterator[tuple[str, str]]:
    """The samples' first, learnt; then any two letters, to fill up."""
    trainer = trainers.BpeTrainer(
        vocab_size=6000,
        end_of_word_suffix="</w>",
        initial_alphabet=base[: len(base) // 2],
        show_progress=False,
    )
    learnt = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learnt.normalizer = normalizers.Lowercase()
    learnt.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    learnt.train_from_iterator(sample_texts(), trainer)
    seen: set[str] = set(base)
    known = json.loads(learnt.to_str())["model"]["merges"]
    for first, second in itertools.chain(known, itertools.product(base[: len(base) // 2], base)):
        if first in seen and second in seen and first + second not in seen:
            seen.add(first + second)
            yield first, second


def wordpiece_tokenizer(vocabulary: int) -> Any:
    """BERT's kind, cased and with accents, of at most this many entries."""
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(strip_accents=False, lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(sample_texts(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")


def unigram_tokenizer(vocabulary: int) -> Any:
    """SigLIP's kind: sentencepiece pieces and an end token, no start token."""
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
    tokenizer.train_from_iterator(sample_texts(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", eos_token="</s>"
    )
