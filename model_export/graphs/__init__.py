"""Towers as ONNX graphs, in the operators that onnxruntime runs fastest.

Begin with ``emit``. The graphs are written here rather than traced by torch: a traced graph spells
out attention and QuickGELU in ten nodes a layer, which onnxruntime's fusions do not recognise, and
quantised afterwards it takes 1.1 to 1.4 times as long (benchmarks/results/encode.md).
``model_export.parity`` compares every graph with torch.

The last block computes only the row that is pooled: one of 50 (a picture), or of all tokens.
"""
