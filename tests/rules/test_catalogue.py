"""The rules as data: what is promised of them, and that their texts are fit to print."""

import re
import sys

import pytest

from importer.plan import causes
from importer.plan.causes import Cause
from importer.rules.catalogue import all_rules, rule_named
from importer.rules.rule import Rule, Safety, Severity
from importer.storage_tree import defects
from importer.storage_tree.defects import Defect, LinkDefect

PROMISED = """
BF101 renamed info safe
BF102 duplicate-file info safe
BF103 unrelated-file info none
BF104 partial-download warning none
BF105 marker error none
BF106 empty-file error none
BF107 error-page error none
BF108 unreadable-file error none
BF109 sidecar-mismatch warning none
BF110 unread-input error none
BF111 wrong-kind error none
BF112 ambiguous-remains warning none
BF201 truncated error none
BF202 truncated-trailer warning safe
BF203 zero-filled error none
BF204 trailing-data warning safe
BF205 leading-data warning safe
BF206 gunzipped warning safe
BF207 double-gzip warning safe
BF208 corrupt error none
BF209 digest-mismatch error none
BF210 text-mangled warning safe
BF211 reformatted-json warning safe
BF212 size-mismatch error none
BF213 split-file warning safe
BF214 transfer-encoded warning safe
BF215 recoded warning safe
BF216 overlapping-pieces warning safe
BF301 manifest-missing error safe
BF302 manifest-invalid error none
BF303 index-only error none
BF304 docker-save-manifest info none
BF305 schema1-manifest warning unsafe
BF306 config-invalid error none
BF307 manifest-unproven info none
BF308 media-type-mismatch warning unsafe
BF401 blob-missing error none
BF402 layer-count-mismatch error none
BF403 diff-id-mismatch error none
BF404 well-known-blob info safe
BF405 foreign-layer warning none
BF406 platform-missing warning none
BF407 attestation-missing info none
BF408 not-an-image info none
BF409 unsupported-digest warning none
BF410 config-missing error unsafe
BF411 needs-newer-docker info none
BF412 encrypted-layer error none
BF413 too-deep-for-docker warning none
BF414 diff-ids-of-compressed error none
BF501 link-malformed error safe
BF502 link-misplaced error safe
BF503 link-missing error safe
BF504 link-dangling error none
BF505 blob-misplaced error safe
BF506 blob-damaged error safe
BF507 stray-entry warning safe
BF508 root-misplaced error safe
BF509 not-registry-storage error none
"""
TABLE = {code: tuple(rest) for code, *rest in map(str.split, PROMISED.strip().splitlines())}


def every_cause() -> set[type[Cause]]:
    found = {cause for cause in vars(causes).values() if isinstance(cause, type) and issubclass(cause, Cause)}
    return found - {Cause}


@pytest.fixture(params=all_rules(), ids=lambda rule: rule.code)
def rule(request: pytest.FixtureRequest) -> Rule:
    value: Rule = request.param
    return value


def test_code_name_severity_and_fix_are_as_promised(rule: Rule) -> None:
    assert (rule.name, str(rule.severity), str(rule.fix)) == TABLE[rule.code]


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in all_rules()}) == len({rule.name for rule in all_rules()}) == len(all_rules())


def test_module_is_called_after_its_rule(rule: Rule) -> None:
    module = f"importer.rules.{rule.code}_{rule.name}".lower().replace("-", "_")
    assert sys.modules[module].RULE is rule


def test_explanation_has_four_paragraphs_of_whole_sentences(rule: Rule) -> None:
    text = rule.explanation
    for paragraph in (text.meaning, text.origin, text.remedy, text.advice):
        assert paragraph.endswith(".")
        assert paragraph.strip() == paragraph
        assert "  " not in paragraph
        assert paragraph.isprintable()


def test_summary_is_half_a_sentence(rule: Rule) -> None:
    assert rule.summary
    assert not rule.summary.endswith(".")
    assert rule.summary.isprintable()


def test_every_cause_is_explained_by_one_rule() -> None:
    explained = [cause for rule in all_rules() for cause in rule.causes]
    assert len(explained) == len(set(explained))
    assert set(explained) == every_cause()


def test_every_defect_of_a_tree_is_explained_by_one_rule() -> None:
    heads = {Defect, LinkDefect}
    defined = {kind for kind in vars(defects).values() if isinstance(kind, type) and issubclass(kind, Defect)} - heads
    explained = [kind for rule in all_rules() if rule.on_tree for kind in rule.on_tree.defects]
    assert len(explained) == len(set(explained))
    assert set(explained) == defined


def test_every_rule_looks_at_downloads_or_at_storage_trees(rule: Rule) -> None:
    assert rule.on_download or rule.on_leftovers or rule.on_tree
    if rule.code.startswith("BF5"):
        # A scan doesn't load it (catalogue.py).
        assert not any((rule.on_download, rule.on_leftovers, rule.causes))


def test_no_two_rules_claim_a_symptom() -> None:
    symptoms = [symptom for rule in all_rules() for symptom in rule.symptoms]
    assert len(symptoms) == len(set(symptoms))
    assert all(re.search(r"\w", symptom) and symptom.isprintable() for symptom in symptoms)


@pytest.mark.parametrize("name", ["BF206", "bf206", "gunzipped", " Gunzipped "])
def test_a_rule_is_found_by_code_or_name_in_any_case(name: str) -> None:
    rule = rule_named(name)
    assert rule
    assert rule.code == "BF206"


def test_what_has_no_fix_is_not_called_safe(rule: Rule) -> None:
    if rule.severity is Severity.ERROR and not rule.code.startswith("BF5") and rule.code not in ("BF301", "BF410"):
        assert rule.fix is Safety.NONE
