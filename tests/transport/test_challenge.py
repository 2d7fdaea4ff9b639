"""The grammar of WWW-Authenticate, as servers really write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.transport.challenge import Challenge, parse_challenges, preferred_challenge

REALM = "https://auth.example/token"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f'Bearer realm="{REALM}",service="r",scope="repository:a/b:pull,push"',
         Challenge("bearer", {"realm": REALM, "service": "r", "scope": "repository:a/b:pull,push"})),
        (f'bEARER ReAlM="{REALM}" , SERVICE = "r"', Challenge("bearer", {"realm": REALM, "service": "r"})),
        (f"Bearer realm={REALM},service=r", Challenge("bearer", {"realm": REALM, "service": "r"})),
        (f'Bearer realm="{REALM}?a=x&b=1,2"', Challenge("bearer", {"realm": f"{REALM}?a=x&b=1,2"})),
        (r'Basic realm="the \"inner\" circle"', Challenge("basic", {"realm": 'the "inner" circle'})),
        ("Basic", Challenge("basic", {})),
        (f'Bearer realm="{REALM}",error="insufficient_scope"',
         Challenge("bearer", {"realm": REALM, "error": "insufficient_scope"})),
        ('Basic realm="", charset="UTF-8"', Challenge("basic", {"realm": "", "charset": "UTF-8"})),
    ],
)  # fmt: skip
def test_one_challenge(header: str, expected: Challenge) -> None:
    (challenge,) = parse_challenges([header])
    assert (challenge.scheme, dict(challenge.parameters)) == (expected.scheme, dict(expected.parameters))


@pytest.mark.parametrize(
    "headers",
    [
        ["Negotiate", 'Basic realm="x"', f'Bearer realm="{REALM}"'],
        [f'Negotiate, Basic realm="x", Bearer realm="{REALM}"'],
        [f'Bearer realm="{REALM}", Negotiate YIIabc==, Basic realm="x"'],
        [f', ,Negotiate abc= , Bearer realm="{REALM}",,'],
    ],
)
def test_bearer_is_preferred_wherever_it_stands(headers: list[str]) -> None:
    challenge = preferred_challenge(headers)
    assert challenge is not None
    assert (challenge.scheme, challenge.realm) == ("bearer", REALM)


def test_a_bearer_challenge_without_a_realm_cannot_be_answered() -> None:
    assert preferred_challenge(['Bearer service="r"']) is None
    basic = preferred_challenge(['Bearer service="r", Basic realm="x"'])
    assert basic is not None
    assert basic.scheme == "basic"


@pytest.mark.parametrize("header", ["", ",", '"', 'Bearer realm="never ends', "=x", "Bearer ="])
def test_nonsense_is_skipped(header: str) -> None:
    assert preferred_challenge([header]) is None


def test_several_scopes() -> None:
    (challenge,) = parse_challenges(['Bearer realm="x",scope="repository:a:pull repository:b:pull,push"'])
    assert challenge.scopes == ("repository:a:pull", "repository:b:pull,push")


@given(st.text(max_size=300))
def test_any_text_is_survived(header: str) -> None:
    parse_challenges([header])


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=30), min_size=1, max_size=5))
def test_what_is_quoted_comes_back(parameters: dict[str, str]) -> None:
    quoted = ", ".join(
        '{}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in parameters.items()
    )
    (challenge,) = parse_challenges([f"Bearer {quoted}"])
    assert challenge.parameters == parameters
