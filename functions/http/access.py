"""Who may call a function: with a key, unless the shop's searches are made public."""

from __future__ import annotations

import azure.functions as func

from shared_code.settings import trigger_settings

SHOPPERS = func.AuthLevel.ANONYMOUS if trigger_settings().public_search else func.AuthLevel.FUNCTION
"""For what a storefront's visitors need: searching, and reading products and pictures."""
