"""Towers as ONNX graphs, in the operators that onnxruntime runs fastest.

Written by hand rather than traced by torch: the traced graph spells attention and QuickGELU out
in ten nodes a layer, which onnxruntime's fusions do not recognise, and quantised afterwards it is
1.1 to 1.4 times as slow (benchmarks/results/encode.md). ``parity`` holds every graph to torch.

The last block computes only what is pooled: one row of 50 (a picture), or of all tokens.
"""
