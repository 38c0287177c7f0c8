"""The errors of an export. The command prints each as one line that says what to do about it."""

from __future__ import annotations


class ExportError(Exception):
    """An export that cannot go on. The message names the file or option at fault and the remedy;
    the program ends with ``exit_code``."""

    exit_code = 1


class SourceUnavailable(ExportError):
    """The weights could not be obtained: the hub is out of reach, or the folder is incomplete."""

    exit_code = 3
