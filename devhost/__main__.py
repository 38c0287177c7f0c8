"""``python -m devhost``: serves the function app of a folder."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from devhost.server import ServerOptions, run


def parse_options(description: str | None) -> ServerOptions:
    """Reads the command line; HOST and PORT of the environment are its defaults."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT") or 7071)
    parser.add_argument("--app", type=Path, default=Path(), help="folder of function_app.py")
    options = parser.parse_args()
    return ServerOptions(options.host, options.port, options.app)


if __name__ == "__main__":
    sys.exit(run(parse_options(__doc__)))
