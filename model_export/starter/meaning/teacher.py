"""The sentence encoder that the text tower imitates: all-MiniLM-L6-v2, mean-pooled, 384-d."""

from __future__ import annotations

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from tqdm import tqdm
from transformers import BertModel

from model_export.starter import sources
from model_export.starter.arrays import Floats, normalise_rows

MAX_TOKENS = 128  # the teacher's own limit (its tokenizer.json)
BATCH = 256
DIMENSION = 384


class Teacher:
    """Loads from the installed package; never asks a hub."""

    def __init__(self) -> None:
        folder = sources.TEACHER_WEIGHTS.locate().parent
        self._tokenizer = Tokenizer.from_file(str(sources.TOKENIZER.locate()))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._model = BertModel.from_pretrained(folder, local_files_only=True).eval()

    def encode(self, texts: list[str]) -> Floats:
        """Unit vectors [n, 384], in the order of `texts`."""
        return self._encode_rows([encoding.ids for encoding in self._tokenize(texts)])

    def encode_tokens(self, tokens: list[str]) -> Floats:
        """Returns the meaning of each vocabulary row on its own: [rows, 384].

        A token the teacher knows is read as [CLS] token [SEP], pieces ("##ers") included; a new
        one as its pieces.
        """
        known: dict[str, int] = self._tokenizer.get_vocab()
        start, end = known["[CLS]"], known["[SEP]"]
        rows = [
            [start, known[token], end] if token in known else self._tokenizer.encode(token).ids
            for token in tokens
        ]
        return self._encode_rows(rows)

    def _tokenize(self, texts: list[str]) -> list[Encoding]:
        encodings: list[Encoding] = self._tokenizer.encode_batch(texts)
        return encodings

    def _encode_rows(self, rows: list[list[int]]) -> Floats:
        # sorted by length, so that a batch carries next to no padding
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        vectors = np.zeros((len(rows), DIMENSION), np.float32)
        for start in tqdm(
            range(0, len(order), BATCH), desc="teacher", unit="batch", mininterval=10
        ):
            members = order[start : start + BATCH]
            vectors[members] = self._encode_batch([rows[index] for index in members])
        return normalise_rows(vectors)

    def _encode_batch(self, rows: list[list[int]]) -> Floats:
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).float()
        with torch.inference_mode():
            hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        mean: Floats = ((hidden * mask[..., None]).sum(1) / lengths[:, None]).numpy()
        return mean
