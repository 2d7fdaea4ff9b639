"""The forms that a report has.

A new form is a line in ``Format`` and a module ``importer.report.<form>_report`` with a function
``print_report(investigation, paper)``. It is loaded when it is asked for, since some forms need
much that the others don't.
"""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module

from importer.investigation import Investigation
from importer.report.page import Paper


class Format(StrEnum):
    """Forms of the report."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    HTML = "html"


class TreeFormat(StrEnum):
    """Forms of the report about a storage tree."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


def print_report(investigation: Investigation, form: Format, paper: Paper) -> None:
    """Print the report in a form."""
    import_module(f"importer.report.{form}_report").print_report(investigation, paper)
