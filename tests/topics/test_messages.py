"""Messages as people paste them, where each is from, and the topic or rule to which it must lead."""

from __future__ import annotations

import shlex
import time

import pytest

from importer.cli.app import COMMANDS
from importer.rules import symptoms
from importer.rules.catalogue import all_rules, rule_named
from importer.rules.symptoms import Likeness, code_of, lines_explained, subjects_matching
from importer.topics.catalogue import ALL_TOPICS, topic_named
from importer.topics.topic import Topic
from tests.in_process import run

HEX = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"

TEXTS = [
    *(text for rule in all_rules() for text in rule.symptoms),
    *(message.text for topic in ALL_TOPICS for message in topic.messages),
]

MESSAGES = [
    # From moby and docker/cli, the source of docker.
    ("wrong-tag", "Error response from daemon: manifest for alpine:9.99 not found: manifest unknown: manifest unknown"),
    ("wrong-tag", "manifest unknown"),
    ("wrong-tag", "Error response from daemon: No such image: team/app:1"),
    ("wrong-tag", "Unable to find image 'hello-wrld:latest' locally"),
    ("wrong-tag", "An image does not exist locally with the tag: registry.example/team/app"),
    ("wrong-tag", "name unknown: repository name not known to registry"),
    ("unreachable", "error pulling image configuration: download failed after attempts=6: dial tcp: lookup r.example "
     "on 10.0.0.2:53: no such host"),
    ("server-error", "error pulling image configuration: download failed after attempts=6: 503 Service Unavailable"),
    ("BF201", "failed to register layer: Error processing tar file(exit status 1): unexpected EOF"),
    ("wrong-platform", "no matching manifest for linux/arm64/v8 in the manifest list entries"),
    ("wrong-name", "docker: invalid reference format: repository name (Team/App) must be lowercase."),
    ("wrong-name", 'invalid argument "https://x/y" for "-t, --tag" flag: invalid reference format'),
    ("login", "Error response from daemon: pull access denied for foo, repository does not exist or may require "
     "'docker login': denied: requested access to the resource is denied"),
    ("login", "denied: requested access to the resource is denied"),
    ("login", "Error response from daemon: Get https://r.example/v2/: unauthorized: authentication required"),
    ("login", "unauthorized: incorrect username or password"),
    ("login", "no basic auth credentials"),
    ("login", 'error getting credentials - err: exec: "docker-credential-desktop": executable file not found in $PATH'),
    ("forbidden", "error parsing HTTP 403 response body: invalid character '<' looking for beginning of value"),
    ("rate-limit", "toomanyrequests: You have reached your pull rate limit. You may increase the limit by "
     "authenticating and upgrading: https://www.docker.com/increase-rate-limit"),
    ("rate-limit", "You have reached your unauthenticated pull rate limit."),
    ("server-error", "received unexpected HTTP status: 502 Bad Gateway"),
    ("server-error", "received unexpected HTTP status: 503 Service Unavailable"),
    ("server-error", "Error response from daemon: received unexpected HTTP status: 500 Internal Server Error"),
    ("disk-full", "failed to register layer: write /usr/lib/libicudata.so: no space left on device"),
    ("disk-full", "failed to register layer: ApplyLayer exit status 1 stdout:  stderr: mkdir /root/x: no space left on "
     "device"),
    ("permission", "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/d"),
    ("permission", "failed to register layer: lsetxattr user.overlay.impure /etc: operation not supported"),
    ("permission", "failed to register layer: ApplyLayer exit status 1 stdout:  stderr: operation not permitted"),
    ("daemon", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"),
    ("daemon", "error during connect: This error may indicate that the docker daemon is not running."),
    ("daemon", "open //./pipe/docker_engine: The system cannot find the file specified."),
    ("not-an-image-archive", "Error processing tar file(exit status 1): archive/tar: invalid tar header"),
    ("not-an-image-archive", "archive/tar: invalid tar header"),
    ("wrong-tool", 'Encountered remote "application/vnd.cncf.helm.config.v1+json"(unknown) when fetching'),
    ("wrong-platform", "exec /app: exec format error"),
    ("wrong-platform", "standard_init_linux.go:228: exec user process caused: exec format error"),
    ("wrong-platform", "WARNING: The requested image's platform (linux/arm64) does not match the detected host "
     "platform (linux/amd64/v3) and no specific platform was requested"),
    ("wrong-platform", 'image operating system "windows" cannot be used on this platform'),
    ("BF305", "Error response from daemon: media type \"application/vnd.docker.distribution.manifest.v1+prettyjws\" "
     "is no longer supported"),
    ("BF413", "failed to register layer: max depth exceeded"),
    ("connection-broken", "Download failed after 5 attempts: EOF"),
    # containerd, kubelet
    ("wrong-tag", 'failed to resolve reference "docker.io/library/x:1": docker.io/library/x:1: not found'),
    ("login", 'pull access denied, repository does not exist or may require authorization: server message: '
     "insufficient_scope: authorization failed"),
    ("login", "failed to authorize: failed to fetch anonymous token: unexpected status"),
    ("login", "failed to fetch oauth token: unexpected status from GET request: 401 Unauthorized"),
    ("wrong-tag", "Warning  Failed  kubelet  Error: ImagePullBackOff"),
    ("wrong-tag", "Warning  Failed  kubelet  Error: ErrImagePull"),
    ("wrong-name", "Error: InvalidImageName"),
    ("disk-full", "node has condition: [DiskPressure]"),
    ("daemon", 'failed to dial "/run/containerd/containerd.sock": connection error'),
    ("timeout", "failed to do request: context deadline exceeded"),
    # skopeo and podman: containers/image and containers/storage
    ("wrong-tag", "reading manifest 9 in docker.io/library/alpine: manifest unknown"),
    ("login", "unable to retrieve auth token: invalid username/password: unauthorized"),
    ("wrong-name", 'Invalid image name "alpine", expected colon-separated transport:reference'),
    ("wrong-platform", 'choosing an image: no image found in manifest list for architecture "arm64"'),
    ("wrong-platform", 'no image found in image index for architecture "amd64", variant "", OS "windows"'),
    ("not-an-image-archive", "Error: payload does not match any of the supported image formats:\n * oci: ..."),
    ("wrong-tag", "Error: foo: image not known"),
    ("permission", "potentially insufficient UIDs or GIDs available in user namespace (requested 0:42 for /etc/x)"),
    ("rate-limit", "toomanyrequests: too many requests to registry"),
    ("unreachable", "pinging container registry registry.example: Get \"https://registry.example/v2/\""),
    ("wrong-tool", "unsupported image-specific operation on artifact with type \"application/vnd.x\""),
    ("daemon", "Cannot connect to Podman. Please verify your connection to the Linux system"),
    # From go-containerregistry, the source of crane.
    ("wrong-tag", "GET https://r.example/v2/app/manifests/1: MANIFEST_UNKNOWN: manifest unknown"),
    ("wrong-name", "could not parse reference: Team/App"),
    ("wrong-platform", "no child with platform linux/s390x in index docker.io/library/x"),
    ("login", "unexpected status code 401 Unauthorized"),
    # Artifactory
    ("not-in-artifactory", '{"errors":[{"status":404,"message":"Could not locate artifact \'app:1\' (Repo: x)"}]}'),
    ("not-in-artifactory", "Could not find resource"),
    ("not-in-artifactory", "Unable to find item"),
    ("login", '{"errors" : [ {"status" : 401, "message" : "Bad credentials"} ]}'),
    ("login", "The user: 'jane' is not permitted to deploy 'a/b' on 'docker-local:a/b'."),
    ("forbidden", "The repository 'docker-local' rejected the deployment of an artifact 'a/manifest.json' due to"),
    ("wrong-tag", '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"The named manifest is not known to the '
     'registry."}]}'),
    ("certificate", "PKIX path building failed: unable to find valid certification path to requested target"),
    ("timeout", "java.net.SocketTimeoutException: Read timed out"),
    ("connection-broken", "Premature end of Content-Length delimited message body (expected: 12; received: 3)"),
    # nginx and proxies
    ("upload-too-large", "413 Request Entity Too Large"),
    ("upload-too-large", "client intended to send too large body: 1073741824 bytes"),
    ("connection-broken", "upstream prematurely closed connection while reading upstream"),
    ("connection-broken", "an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/1/00/0001"),
    ("timeout", "upstream timed out (110: Connection timed out) while reading response header from upstream"),
    ("timeout", "504 Gateway Time-out"),
    ("server-error", "503 Service Temporarily Unavailable"),
    ("server-error", "connect() failed (111: Connection refused) while connecting to upstream"),
    ("server-error", "no live upstreams while connecting to upstream"),
    ("http-or-https", "400 The plain HTTP request was sent to HTTPS port"),
    ("proxy", "407 Proxy Authentication Required"),
    # Go: net, net/http, crypto/tls, crypto/x509, compress, archive/tar
    ("certificate", "tls: failed to verify certificate: x509: certificate signed by unknown authority"),
    ("certificate", "x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z"),
    ("certificate", "x509: certificate is valid for a.example, not b.example"),
    ("certificate", "x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs"),
    ("certificate", "x509: certificate relies on legacy Common Name field, use SANs instead"),
    ("certificate", "remote error: tls: handshake failure"),
    ("http-or-https", 'Get "https://r:5000/v2/": http: server gave HTTP response to HTTPS client'),
    ("http-or-https", "tls: first record does not look like a TLS handshake"),
    ("http-or-https", "Client sent an HTTP request to an HTTPS server."),
    ("proxy", "proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused"),
    ("timeout", "net/http: TLS handshake timeout"),
    ("timeout", "dial tcp 44.205.64.79:443: i/o timeout"),
    ("timeout", "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"),
    ("timeout", "net/http: request canceled while waiting for connection"),
    ("connection-broken", "read tcp 10.0.0.2:5123->10.0.0.1:443: read: connection reset by peer"),
    ("connection-broken", "write: broken pipe"),
    ("connection-broken", "http2: server sent GOAWAY and closed the connection; LastStreamID=1999"),
    ("connection-broken", "stream error: stream ID 7; INTERNAL_ERROR; received from peer"),
    ("connection-broken", "wsarecv: An existing connection was forcibly closed by the remote host."),
    ("unreachable", "dial tcp: lookup registry.example on 127.0.0.53:53: no such host"),
    ("unreachable", "dial tcp: lookup registry.example: Temporary failure in name resolution"),
    ("unreachable", "dial tcp 127.0.0.1:5000: connect: connection refused"),
    ("unreachable", "connect: no route to host"),
    ("unreachable", "connect: network is unreachable"),
    ("BF208", "flate: corrupt input before offset 4096"),
    ("BF208", "gzip: invalid checksum"),
    # curl, tar, gzip, browsers
    ("certificate", "curl: (60) SSL certificate problem: unable to get local issuer certificate"),
    ("certificate", "NET::ERR_CERT_AUTHORITY_INVALID"),
    ("certificate", "SEC_ERROR_UNKNOWN_ISSUER"),
    ("proxy", "curl: (56) Received HTTP code 407 from proxy after CONNECT"),
    ("proxy", "ERR_TUNNEL_CONNECTION_FAILED"),
    ("unreachable", "curl: (6) Could not resolve host: registry.example"),
    ("connection-broken", "curl: (52) Empty reply from server"),
    ("connection-broken", "curl: (92) HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2)"),
    ("timeout", "curl: (28) Operation timed out after 30001 milliseconds with 0 bytes received"),
    ("connection-broken", "Failed - Network error"),
    ("disk-full", "Failed - Insufficient disk space"),
    ("unreachable", "This site can't be reached: ERR_NAME_NOT_RESOLVED"),
    ("not-an-image-archive", "tar: This does not look like a tar archive"),
    ("not-an-image-archive", "gzip: stdin: not in gzip format"),
    ("BF201", "curl: (18) transfer closed with 4946 bytes remaining to read"),
]  # fmt: skip


def test_there_are_many() -> None:
    assert len({message for _, message in MESSAGES}) >= 120


@pytest.mark.parametrize(("name", "message"), MESSAGES)
def test_a_message_leads_to_its_topic(name: str, message: str) -> None:
    best = subjects_matching(message)[0]
    assert (code_of(best.subject), best.likeness) == (name, Likeness.WHOLE_SYMPTOM)


@pytest.mark.parametrize(("name", "message"), MESSAGES)
def test_a_line_of_a_log_does_as_well(name: str, message: str) -> None:
    line = f'May 02 08:11:12 host dockerd[812]: time="2026-05-02T08:11:12Z" level=error msg="{message}" error=1'
    assert code_of(subjects_matching(line)[0].subject) == name


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)
def test_every_message_of_a_topic_leads_home(topic: Topic) -> None:
    for message in topic.messages:
        for filled in (message.text, message.text.replace("…", "4711"), message.text.upper()):
            assert code_of(subjects_matching(filled)[0].subject) == topic.name


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_whole(topic: Topic) -> None:
    assert topic_named(topic.name.upper()) is topic
    assert rule_named(topic.name) is None
    assert topic.name not in COMMANDS
    assert topic.checks
    assert topic.advice
    assert all(message.source and message.text for message in topic.messages)
    assert len({message.text.lower() for message in topic.messages}) >= len(topic.messages) - 1
    assert topic.meaning.endswith(".")
    assert not topic.summary.endswith(".")


def test_names_are_each_once() -> None:
    assert len({topic.name for topic in ALL_TOPICS}) == len(ALL_TOPICS)


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)
def test_commands_of_ours_have_the_options_that_they_use(topic: Topic) -> None:
    for advice in topic.advice:
        words = shlex.split(advice.command.partition("|")[0])
        words = words[words.index("blobfix") :] if "blobfix" in words else []
        if words:
            assert words[1] in COMMANDS
            offered = run(words[1], "--help").text
            assert all(f"{word} " in offered or f"{word}," in offered for word in words[2:] if word.startswith("--"))


def test_a_log_of_many_lines_is_explained_line_by_line() -> None:
    log = "\n".join(
        [
            "latest: Pulling from team/app",
            "a3ed95caeb02: Already exists",
            "x509: certificate signed by unknown authority",
            "",
            "net/http: TLS handshake timeout",
            "Get https://x/v2/: x509: certificate signed by unknown authority",
        ]
    )
    assert [
        (code_of(each.match.subject), each.numbers) for each in lines_explained(enumerate(log.splitlines(), 1))
    ] == [
        ("certificate", (3, 6)),
        ("timeout", (5,)),
    ]
    assert lines_explained([(1, "latest: Pulling from team/app"), (2, "Digest: sha256:12")]) == ()


@pytest.mark.parametrize("symptom", TEXTS, ids=lambda text: text[:60])
@pytest.mark.parametrize("form", ["{}", "level=error msg=({}),", "x{}", "{}x"])
def test_a_line_of_a_log_has_the_explanation_that_it_has_alone(symptom: str, form: str) -> None:
    line = form.format(symptom.replace("…", "abc"))
    best = next(iter(subjects_matching(line)), None)
    expected = [best] if best and best.likeness is Likeness.WHOLE_SYMPTOM else []
    assert [each.match for each in lines_explained([(1, line)])] == expected


def test_equal_lines_of_a_log_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    whole = symptoms._best_whole

    def noted(line: str) -> symptoms.Match | None:
        looked_up.append(line)
        return whole(line)

    monkeypatch.setattr(symptoms, "_best_whole", noted)
    lines = ["Pulling fs layer", "unexpected EOF", "'Unexpected  EOF'"] * 100
    (found,) = lines_explained(enumerate(lines, 1))
    assert (looked_up, found.count, found.numbers[:4]) == (["pulling fs layer", "unexpected eof"], 200, (2, 3, 5, 6))


def test_few_symptoms_are_compared_with_a_line_of_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    holds = symptoms._holds

    def noted(line: str, pieces: tuple[str, ...]) -> bool:
        compared.append(line)
        return holds(line, pieces)

    monkeypatch.setattr(symptoms, "_holds", noted)
    lines = [f"time=12:00 level=info msg=layer {'abcdefghij'[number]} of the image is stored" for number in range(10)]
    assert lines_explained(enumerate(lines, 1)) == ()
    assert len(compared) <= 2 * len(lines)


def test_of_very_many_lines_the_first_numbers_are_kept_and_all_are_counted() -> None:
    (found,) = lines_explained((number, "unexpected EOF") for number in range(1, 5_001))
    assert (found.count, found.numbers) == (5_000, tuple(range(1, 1_001)))


def test_one_long_word_takes_no_longer_than_the_same_text_in_words() -> None:
    # Measured against each other in this run: words are looked for in one pass, however long they are.
    def spent(text: str) -> float:
        started = time.process_time()
        subjects_matching(text)
        return time.process_time() - started

    spent("warm up")
    assert spent("x" * 40_000) < 20 * spent("xxxxxxxxx " * 4_000)
