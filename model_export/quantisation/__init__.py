"""Makes a tower int8 and measures what that loses.

Begin with ``gate``, which tries the recipes and chooses one. ``smooth_quant`` prepares the weights,
``measurements`` compares vectors and measures times.
"""
