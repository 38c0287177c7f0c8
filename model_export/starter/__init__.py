"""The starter bundle: a small dual encoder built from packages alone, without a model hub.

`python -m model_export.starter` builds it, `python -m model_export.starter.evaluate` measures it.
Importing this package loads nothing heavy; `requirements.txt` beside it pins the build's tools.
"""
