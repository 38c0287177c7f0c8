"""The starter's French: a glossary, the inflected forms of its entries, and phrases to learn from.

Begin with ``glossary`` (its lines are in ``entries/``), then ``vocabulary``, which adds the words
to the tokenizer. ``queries/`` is for the evaluation alone: nothing learns from it.
"""
