"""How the blocks share the 512 dimensions, in both towers.

    0..383   meaning   MiniLM's space (both towers)
    384..394 colour    the eleven terms (both towers)
    395..506 visual    how it looks (pictures only): improves picture-to-picture search
    507..511 zero      padding, to CLIP's 512

Blocks are unit vectors times a weight, and the whole is made unit again. So the visual block lowers
every text-to-picture cosine by the same factor and changes no order of results.
"""

from __future__ import annotations

DIMENSION = 512
MEANING = 384
COLOUR = 11
VISUAL = 112
PADDING = DIMENSION - MEANING - COLOUR - VISUAL

# Weights relative to a meaning of 1, set before the first measurement and not tuned since: more
# colour would help colour queries and hurt object queries.
IMAGE_COLOUR_WEIGHT = 0.45
IMAGE_VISUAL_WEIGHT = 0.5
TEXT_COLOUR_WEIGHT = 0.6
