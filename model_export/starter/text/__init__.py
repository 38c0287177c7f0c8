"""The starter's text tower: a bag of tokens that learns from a sentence encoder.

Begin with ``text_tower``. ``phrases`` and ``vocabulary`` are what it learns from; ``distil``
teaches it English, ``french_rows`` French.
"""
