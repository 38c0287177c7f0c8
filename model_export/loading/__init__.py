"""Loads a checkpoint, or draws random weights: towers, tokenizer and preprocessing.

Begin with ``families`` (CLIP and SigLIP) and ``sentence_families`` (another text tower).
``checkout`` finds the files of a hub id or a folder; the
``..._towers`` files say where each weight belongs.
"""
