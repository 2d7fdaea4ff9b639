"""What ``curl -i`` writes in front of a body is measured, and its word on the digest is read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from importer.formats.http_headers import digest_in_headers, size_of_headers

BODY = b'{"schemaVersion": 2}'
DIGEST = "sha256:" + "ab" * 32
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDocker-Content-Digest: " + DIGEST.encode() + b"\r\n\r\n"
REDIRECTION = b"HTTP/2 307\x20\r\nlocation: /elsewhere\r\ndocker-content-digest: sha256:" + b"0" * 64 + b"\r\n\r\n"


def test_the_headers_end_where_the_body_begins() -> None:
    assert size_of_headers(ANSWER + BODY) == len(ANSWER)


def test_each_answer_of_a_chain_is_in_front_and_the_last_tells_the_digest() -> None:
    content = REDIRECTION + ANSWER + BODY
    assert size_of_headers(content) == len(REDIRECTION + ANSWER)
    assert digest_in_headers(content) == DIGEST


def test_line_feeds_alone_end_lines_too() -> None:
    content = ANSWER.replace(b"\r\n", b"\n") + BODY
    assert content[size_of_headers(content) :] == BODY
    assert digest_in_headers(content) == DIGEST


def test_a_digest_in_the_body_is_not_the_server_s_word() -> None:
    plain = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"
    assert digest_in_headers(plain + b"\nDocker-Content-Digest: " + DIGEST.encode() + b"\n") is None


@given(st.binary())
def test_what_does_not_begin_with_a_status_line_has_no_headers(content: bytes) -> None:
    if not content.startswith(b"HTTP/"):
        assert size_of_headers(content) == 0
        assert digest_in_headers(content) is None
