"""What can go wrong in an export and what to do about it: printed as one line, no traceback."""

from __future__ import annotations


class ExportError(Exception):
    """Names the file or option at fault and the remedy; ends the program with ``exit_code``."""

    exit_code = 1


class SourceUnavailable(ExportError):
    """The weights could not be had: the hub is out of reach, or the folder is incomplete."""

    exit_code = 3
