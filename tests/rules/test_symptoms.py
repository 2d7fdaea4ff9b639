"""Error messages of other programs, as people paste them, and the rules they must lead to."""

import pytest

from importer.rules.catalogue import all_rules, rule_named
from importer.rules.rule import Rule
from importer.rules.symptoms import Likeness, code_of, subjects_matching
from tests import pace

HEX = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"
ACCEPT = "but accept header does not support OCI indexes"
MESSAGES = [
    ("BF201", "unexpected EOF"),
    ("BF201", "latest: Pulling from team/app\n3f4e: Downloading [====>] 81.2MB/81.2MB\nunexpected EOF"),
    ("BF208", f"filesystem layer verification failed for digest sha256:{HEX}"),
    ("BF208", "filesystem layer verification failed for digest"),
    ("BF208", 'level=error msg="Download failed: Filesystem Layer Verification failed for digest sha256:12"'),
    ("BF210", f"image config verification failed for digest sha256:{HEX}"),
    ("BF211", f"manifest verification failed for digest sha256:{HEX}"),
    ("BF402", "layers from manifest don't match image configuration"),
    ("BF402", "Error response from daemon: layers from manifest don’t match image configuration"),
    ("BF403", f'invalid diffID for layer 3: expected "sha256:{HEX}", got "sha256:{HEX[::-1]}"'),
    ("BF402", "invalid manifest, layers length mismatch: expected 5, got 7"),
    ("BF402", "Error response from daemon: invalid manifest, layers length mismatch: expected 12, got 11"),
    ("BF304", "json: cannot unmarshal object into Go value of type []tarexport.manifestItem"),
    ("BF304", "open /var/lib/docker/tmp/docker-import-837164/blobs/json: no such file or directory"),
    ("BF304", r"open C:\ProgramData\docker\tmp\docker-import-837\app\json: no such file or directory"),
    ("BF304", "invalid archive: does not contain a manifest.json"),
    ("BF304", "open /data/docker/tmp/docker-import-970/repositories: no such file or directory"),
    ("BF304", "ctr: unrecognized image format"),
    ("BF411", "failed to register layer: Error processing tar file(exit status 1): archive/tar: invalid tar header"),
    ("BF411", "failed to register layer: ApplyLayer exit status 1 stdout:  stderr: archive/tar: invalid tar header"),
    ("BF308", 'unsupported docker v2s2 media type "application/vnd.docker.image.rootfs.diff.tar.zstd"'),
    ("BF308", "mismatched image rootfs and manifest layers"),
    ("BF411", f'level=error msg="manifest unknown: OCI index found, {ACCEPT}" http.request.host=registry.example'),
    ("BF401", f"blob unknown to registry: sha256:{HEX}"),
    ("BF401", '{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry","detail":{}}]}'),
    ("BF405", "errors: [code: MANIFEST_BLOB_UNKNOWN]"),
    ("BF305", "Error response from daemon: missing signature key"),
    ("BF302", 'unrecognized manifest content type "text/html"'),
    ("BF305", "unrecognized manifest schema version 1"),
    ("BF305", "Error response from daemon: missing signature key"),
    ("BF504", "filesystem: Path not found: /docker/registry/v2/blobs/sha256/98/" + HEX + "/data"),
    ("BF305", "Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed"),
    ("BF305", "[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support "
     "is disabled by default and will be removed in an upcoming release"),
    ("BF201", 'failed commit on ref "manifest-sha256:12": "x" failed size validation: 1638 != 529: failed'),
    ("BF401", "Error response from daemon: unknown blob"),
    ("BF405", f"Could not find layer: sha256__{HEX} in Artifactory"),
    ("BF208", 'file integrity checksum failed for "usr/lib/libc.so.6"'),
    ("BF401", f"ctr: content digest sha256:{HEX}: not found"),
    ("BF304", f"Loaded image ID: sha256:{HEX}"),
    ("BF407", "failed to get stream processor for application/vnd.in-toto+json: no processor for media-type"),
    ("BF106", f"unexpected commit digest sha256:{'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}, "
     f"expected sha256:{HEX}: failed precondition"),
    ("BF209", f"unexpected commit digest sha256:{HEX[::-1]}, expected sha256:{HEX}: failed precondition"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message"), MESSAGES)
def test_a_message_leads_to_its_rule(code: str, message: str) -> None:
    assert subjects_matching(message)[0].subject == rule_named(code)


@pytest.mark.parametrize(("code", "message"), MESSAGES)
def test_a_line_of_a_log_does_as_well(code: str, message: str) -> None:
    line = (
        f'2024-05-02T08:11:12.345Z docker[812]: time="2024-05-02" level=ERROR msg="{message.upper()}" go.version=go1.20'
    )
    assert subjects_matching(line)[0].subject == rule_named(code)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_symptom_leads_home(rule: Rule) -> None:
    for symptom in rule.symptoms:
        for filled in (symptom, symptom.replace("…", "4711"), symptom.replace("…", f"sha256:{HEX}").replace('"', "'")):
            best, *others = subjects_matching(filled)
            assert best.likeness is Likeness.WHOLE_SYMPTOM
            # A topic may have the same message: what happens every day comes first.
            assert rule in [match.subject for match in (best, *others) if match.weight == best.weight]


@pytest.mark.parametrize(
    ("code", "message", "likeness"),
    [
        ("BF208", "layer verification failed for digest", Likeness.PART_OF_SYMPTOM),
        ("BF402", "layers from the manifest did not match the image configuration", Likeness.SIMILAR_WORDS),
    ],
)
def test_half_a_message_and_another_wording_are_recognised(code: str, message: str, likeness: Likeness) -> None:
    best = subjects_matching(message)[0]
    assert (code_of(best.subject), best.likeness) == (code, likeness)


@pytest.mark.parametrize(
    "message", ["", " ", "…", "error", "file", "the quick brown fox", "sha256:" + HEX, "not found"]
)
def test_what_says_nothing_leads_nowhere(message: str) -> None:
    assert subjects_matching(message) == ()


def test_the_longest_symptom_comes_first_and_each_rule_once() -> None:
    matches = subjects_matching("failed to register layer: ApplyLayer exit 1: archive/tar: invalid tar header")
    assert [code_of(match.subject) for match in matches] == ["BF411", "not-an-image-archive"]
    assert matches[0].weight > matches[1].weight


def test_a_word_within_another_is_no_match() -> None:
    assert "BF401" not in [code_of(match.subject) for match in subjects_matching("MANIFEST_BLOB_UNKNOWN")]


def test_a_huge_message_takes_no_time() -> None:
    with pace.within(2):
        subjects_matching("unexpected commit digest failed size validation " * 200_000)


def test_names_are_not_taken_for_messages() -> None:
    assert rule_named("unexpected EOF") is None
