"""The Encoder port: a dual-tower model (CLIP and its kin) on onnxruntime, read from a bundle.

Begin with ``encoder.py``, which shows a picture's and a text's way to a vector: ``preprocess`` or
``tokenize``, then a ``tower``, behind the ``gate``. All facts about a model come from the manifest
in ``bundle.py``; none is a constant here. Import the module you need: they bring numpy, Pillow and
onnxruntime.
"""
