"""All rules, and what they find."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import importer.rules as package
from importer.plan.causes import Cause
from importer.rules.findings import Findings, Leftovers, weight
from importer.rules.rule import Case, Finding, Observation, OnTree, Rule, Safety, Severity
from importer.words.text import Text

if TYPE_CHECKING:
    from importer.storage_tree.defects import Defect

_MODULE_NAME: Final = re.compile(r"bf\d{3}_\w+")
_NOT_OF_TREES_ALONE: Final = re.compile(r"bf(?!5)\d{3}_\w+")
"""The five hundreds need half of storage_tree, which takes as long to load as a small scan; a download does without."""

_LEADS_OUT: Final = Text(
    "it is left alone: a link in its path leads out of the tree; repair the tree at its real location"
)

_FETCHED_AGAIN: Final = frozenset({"BF503", "BF504", "BF506"})
_OF_A_CACHE: Final = Text(
    "move it out of the tree: this is a pull-through cache, which fetches it again from its registry "
    "when it is asked for"
)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code: each module of this package that is called after one has it as ``RULE``."""
    return _load(_MODULE_NAME)


@cache
def _rules_but_of_trees() -> tuple[Rule, ...]:
    return _load(_NOT_OF_TREES_ALONE)


def _load(wanted: re.Pattern[str]) -> tuple[Rule, ...]:
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    rules: list[Rule] = [import_module(f"{package.__name__}.{name}").RULE for name in names if wanted.fullmatch(name)]
    return tuple(sorted(rules, key=lambda rule: rule.code))


def rule_named(name: str) -> Rule | None:
    """The rule with a code or a name, in any case."""
    wanted = name.strip().lower()
    return next((rule for rule in all_rules() if wanted in (rule.code.lower(), rule.name)), None)


def rule_explaining(cause: Cause) -> Rule | None:
    """The rule whose text explains a cause."""
    return next((rule for rule in _rules_but_of_trees() if isinstance(cause, rule.causes)), None)


def find_all(case: Case) -> Findings:
    """Ask every rule; the worst comes first, and what one rule finds stays in order: by image and layer, or by path.

    Which files are left over is asked last, when it is known which files the findings name.
    """
    rules = _rules_but_of_trees()
    found = [Finding(rule, seen) for rule in rules if rule.on_download for seen in rule.on_download(case)]
    named = frozenset(path for finding in found for path in _named_by(finding.observation))
    asked = ((rule, rule.on_leftovers) for rule in rules if rule.on_leftovers)
    leftovers = tuple(Leftovers(rule, on, tuple(on.files(case, named))) for rule, on in asked)
    return Findings(case, tuple(sorted(found, key=weight)), leftovers)


def find_in_tree(defects: Iterable[Defect], *, is_cache: bool = False) -> tuple[Finding, ...]:
    """Have each defect of a storage tree explained by its rule; the worst comes first.

    Nobody can push to a pull-through cache: what can't be mended there is fetched anew once it is out of the way.
    """
    return tuple(sorted((_explained(defect, is_cache=is_cache) for defect in defects), key=_order))


def rule_of_defect(defect: Defect) -> Rule:
    """The rule whose text explains a defect."""
    return _on_tree(defect)[0]


def _on_tree(defect: Defect) -> tuple[Rule, OnTree[Any]]:
    return next((rule, on) for rule in all_rules() if (on := rule.on_tree) and isinstance(defect, on.defects))


def _explained(defect: Defect, *, is_cache: bool) -> Finding:
    rule, on_tree = _on_tree(defect)
    seen = on_tree.observe(defect)
    if defect.leads_out:
        seen = replace(seen, remedy=_LEADS_OUT, safety=Safety.NONE)
    elif is_cache and not defect.steps and rule.code in _FETCHED_AGAIN:
        seen = replace(seen, remedy=_OF_A_CACHE)
    return Finding(rule, replace(seen, safety=seen.safety or _safety(rule, defect), severity=_severity(rule, defect)))


def _severity(rule: Rule, defect: Defect) -> Severity:
    """An error is what can't be had from here: the rest of what its rule calls one can be mended, or isn't needed."""
    if rule.severity is not Severity.ERROR or defect.is_loss:
        return rule.severity
    return Severity.INFO if defect.is_remark else Severity.WARNING


def _safety(rule: Rule, defect: Defect) -> Safety:
    return Safety.SAFE if defect.steps else Safety.UNSAFE if rule.fix is Safety.UNSAFE else Safety.NONE


def _named_by(seen: Observation) -> Iterator[str]:
    yield from seen.also
    if seen.path is not None:
        yield seen.path


def _order(finding: Finding) -> tuple[int, str, str, str]:
    seen = finding.observation
    return *weight(finding), seen.path or "", str(seen.digest or "")
