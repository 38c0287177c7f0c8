"""The starter's image tower: meaning (an ImageNet classifier), colours, and how a picture looks.

Begin with ``image_tower``, which puts the blocks together.
"""
