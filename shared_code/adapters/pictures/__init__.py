"""What Pillow does with pictures for the whole app: recognise, open, convert, make thumbnails.

Begin with ``decoding.py``: it opens a picture within the limit on pixels and translates what
decoders raise. ``formats.py`` lists the accepted formats, and ``thumbnail.py`` is the MakeThumbnail
port; the model's preprocessing (``adapters/clip``) uses this package, never the other way round.
Import the module you need: they bring Pillow and numpy.
"""
