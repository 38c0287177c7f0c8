"""The copies of azure-functions that workers bundle, each in a folder of its own."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.local_services import ROOT, skip_without

OLDEST = "1.22.0b4" if sys.version_info < (3, 13) else "2.0.0"
"""What the oldest supported worker bundles: 4.34 up to Python 3.12; from 3.13 on, the first 2.x."""


def install(version: str) -> Path:
    """The folder with this version alone, installed unless it is there.

    Without its requirements: those that the app has are newer than it asks for, as in Azure.
    """
    folder = ROOT / "build" / "workers" / f"azure-functions-{version}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as parent:
        new = Path(parent) / "library"
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
        command += ["--python", sys.executable, "--target", str(new)]
        done = subprocess.run(
            [*command, f"azure-functions=={version}"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            skip_without(f"azure-functions {version}", f"it cannot be installed: {done.stderr}")
        if not folder.is_dir():  # two test runs may install it at once
            os.rename(new, folder)
    return folder
