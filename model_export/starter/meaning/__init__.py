"""The space of meanings that both towers of the starter share.

Begin with ``class_space``: a vector for each ImageNet class. ``teacher`` is the sentence encoder
whose space this is, ``class_names`` are the texts that it encodes.
"""
