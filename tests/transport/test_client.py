"""Logins, tokens, redirects: what is shown to whom."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping

import pytest

from importer.errors import NetworkError
from importer.transport.client import Ask, Client
from importer.transport.credentials import AccessToken, ApiKey, Credentials, IdentityToken, Password
from tests.transport.faulty_server import Fault, FaultyServer, Resource, Seen
from tests.transport.surroundings import World

PATH = "/v2/team/app/tags/list"
SCOPE = "repository:team/app:pull"
JANE = Password("jane", "s3cret")


@pytest.fixture
def other() -> Iterator[FaultyServer]:
    """A server at another origin."""
    with FaultyServer() as server:
        yield server


def get(client: Client, server: FaultyServer, path: str = PATH) -> bytes:
    return client.fetch(Ask("GET", server.url + path, scope=SCOPE), {200}, 1000).content


def protected(server: FaultyServer, challenge: str, is_right: Callable[[str | None], bool]) -> None:
    """Answer 401 with the challenge unless the Authorization is right; ``/token`` is free."""
    server.resources[PATH] = Resource(b"in")

    def script(seen: Seen) -> Fault | None:
        if seen.path.startswith("/token") or is_right(seen.headers.get("authorization")):
            return None
        return Fault(status=401, headers={"WWW-Authenticate": challenge}, body=b'{"errors":[{"message":"who?"}]}')

    server.script = script


class TokenGiver:
    """``/token`` on a faulty server: each request gets the next reply."""

    def __init__(self, server: FaultyServer, *replies: Mapping[str, object], path: str = "/token") -> None:
        self.server, self.path = server, path
        self.replies = iter(replies)
        self.asked: list[Seen] = []
        before = server.script

        def script(seen: Seen) -> Fault | None:
            if not seen.path.startswith(path):
                return before(seen)
            self.asked.append(seen)
            return Fault(status=200, body=json.dumps(next(self.replies)).encode())

        server.script = script


class TestBasic:
    def test_is_shown_when_it_is_asked_for(self, server: FaultyServer, world: World) -> None:
        expected = "Basic " + base64.b64encode(b"jane:s3cret").decode()
        protected(server, 'Basic realm="x"', lambda shown: shown == expected)
        client = world.client(server.url, JANE)
        assert get(client, server) == get(client, server) == b"in"
        assert [seen.headers.get("authorization") for seen in server.seen] == [None, expected, expected]

    def test_is_not_shown_twice_when_it_is_wrong(self, server: FaultyServer, world: World) -> None:
        protected(server, 'Basic realm="x"', lambda shown: False)
        with pytest.raises(NetworkError, match=r"allow this login to GET /v2/team/app/tags/list .*who\?") as refusal:
            get(world.client(server.url, JANE), server)
        assert len(server.seen) == 2
        assert "s3cret" not in str(refusal.value)

    def test_a_refusal_names_the_server_with_its_port_and_the_whole_path(
        self, server: FaultyServer, world: World
    ) -> None:
        protected(server, 'Basic realm="x"', lambda shown: False)
        port = server.url.rpartition(":")[2]
        with pytest.raises(NetworkError, match=rf"^127\.0\.0\.1:{port} doesn't allow this login to GET {PATH}"):
            world.client(f"{server.url}/v2", JANE).fetch(Ask("GET", server.url + PATH, scope=SCOPE), {200}, 1000)

    def test_without_a_login_the_way_to_get_one_is_said(self, server: FaultyServer, world: World) -> None:
        protected(server, 'Basic realm="x"', lambda shown: False)
        with pytest.raises(NetworkError, match=r"--username, .*docker login"):
            get(world.client(server.url), server)

    @pytest.mark.parametrize(
        ("credentials", "header", "value"),
        [
            (JANE, "authorization", "Basic " + base64.b64encode(b"jane:s3cret").decode()),
            (AccessToken("t"), "authorization", "Bearer t"),
            (ApiKey("k"), "x-jfrog-art-api", "k"),
        ],
    )
    def test_servers_that_hide_instead_of_asking_are_shown_it_at_once(
        self, server: FaultyServer, world: World, credentials: Credentials, header: str, value: str
    ) -> None:
        server.resources[PATH] = Resource(b"in")
        get(world.client(server.url, credentials, eager=True), server)
        assert server.seen[0].headers[header] == value

    @pytest.mark.parametrize("credentials", [AccessToken("t"), ApiKey("k")])
    def test_tokens_and_keys_are_shown_after_any_challenge(
        self, server: FaultyServer, world: World, credentials: Credentials
    ) -> None:
        server.resources[PATH] = Resource(b"in")
        server.faults.append(Fault(status=401, headers={"WWW-Authenticate": 'Bearer realm="https://a.example/t"'}))
        assert get(world.client(server.url, credentials), server) == b"in"


class TestBearer:
    def challenge(self, server: FaultyServer, scope: str | None = SCOPE, realm: str = "/token?x=1") -> str:
        return f'Bearer realm="{server.url}{realm}",service="reg"' + (f',scope="{scope}"' if scope else "")

    def test_a_token_is_fetched_once_for_a_scope(self, server: FaultyServer, world: World) -> None:
        protected(server, self.challenge(server), lambda shown: shown == "Bearer T1")
        tokens = TokenGiver(server, {"token": "T1", "expires_in": 300})
        client = world.client(server.url)
        assert get(client, server) == get(client, server) == b"in"
        (asked,) = tokens.asked
        assert asked.path == "/token?x=1&service=reg&scope=repository%3Ateam%2Fapp%3Apull"
        assert "authorization" not in asked.headers

    def test_the_password_goes_to_the_token_server_alone(self, server: FaultyServer, world: World) -> None:
        protected(server, self.challenge(server), lambda shown: shown == "Bearer T1")
        tokens = TokenGiver(server, {"access_token": "T1"})
        assert get(world.client(server.url, JANE), server) == b"in"
        assert tokens.asked[0].headers["authorization"] == JANE.basic
        assert [seen.headers.get("authorization") for seen in server.requests("/v2")] == [None, "Bearer T1"]

    def test_an_identity_token_is_exchanged(self, server: FaultyServer, world: World) -> None:
        protected(server, self.challenge(server), lambda shown: shown == "Bearer T1")
        tokens = TokenGiver(server, {"access_token": "T1", "refresh_token": "other"})
        assert get(world.client(server.url, IdentityToken("refresh me")), server) == b"in"
        assert tokens.asked[0].method == "POST"
        assert b"grant_type=refresh_token&refresh_token=refresh+me" in tokens.asked[0].body

    def test_a_token_is_renewed_before_its_end(self, server: FaultyServer, world: World) -> None:
        protected(server, self.challenge(server), lambda shown: shown in ("Bearer T1", "Bearer T2"))
        tokens = TokenGiver(server, {"token": "T1", "expires_in": 100}, {"token": "T2"})
        client = world.client(server.url)
        get(client, server)
        world.time.at += 95
        get(client, server)
        assert len(tokens.asked) == 2
        assert server.seen[-1].headers["authorization"] == "Bearer T2"

    def test_less_than_a_minute_counts_as_a_minute(self, server: FaultyServer, world: World) -> None:
        protected(server, self.challenge(server), lambda shown: shown == "Bearer T1")
        TokenGiver(server, {"token": "T1", "expires_in": 1})
        client = world.client(server.url)
        get(client, server)
        world.time.at += 40
        assert get(client, server) == b"in"

    def test_a_token_that_expired_early_is_replaced(self, server: FaultyServer, world: World) -> None:
        good = ["Bearer T1"]
        protected(server, self.challenge(server), lambda shown: shown in good)
        TokenGiver(server, {"token": "T1", "expires_in": 3000}, {"token": "T2"})
        client = world.client(server.url)
        get(client, server)
        good[:] = ["Bearer T2"]
        assert get(client, server) == b"in"

    def test_insufficient_scope_gets_a_wider_token(self, server: FaultyServer, world: World) -> None:
        wide = "repository:team/app:pull,push"

        def script(seen: Seen) -> Fault | None:
            shown = seen.headers.get("authorization")
            if shown == "Bearer wide":
                return None
            error = ',error="insufficient_scope"' if shown else ""
            scope = wide if shown else SCOPE
            return Fault(status=401, headers={"WWW-Authenticate": self.challenge(server, scope) + error})

        server.resources[PATH] = Resource(b"in")
        server.script = script
        tokens = TokenGiver(server, {"token": "narrow"}, {"token": "wide"})
        assert get(world.client(server.url), server) == b"in"
        assert "pull%2Cpush" in tokens.asked[1].path

    def test_tokens_that_never_fit_end_it(self, server: FaultyServer, world: World) -> None:
        protected(server, self.challenge(server), lambda shown: False)
        tokens = TokenGiver(server, *[{"token": f"T{n}"} for n in range(9)])
        with pytest.raises(NetworkError, match="requires a login"):
            get(world.client(server.url), server)
        assert len(tokens.asked) == 3

    @pytest.mark.parametrize(
        "reply", [{}, {"token": ""}, {"token": "a\r\nb"}, {"token": "x", "expires_in": "soon"}, []]
    )
    def test_a_reply_without_a_token(self, server: FaultyServer, world: World, reply: dict[str, object]) -> None:
        protected(server, self.challenge(server), lambda shown: False)
        TokenGiver(server, reply)
        with pytest.raises(NetworkError, match="token"):
            get(world.client(server.url), server)

    def test_a_refusal_quotes_the_token_server(self, server: FaultyServer, world: World) -> None:
        protected(server, self.challenge(server, realm="/token"), lambda shown: False)
        before = server.script
        server.script = lambda seen: (
            Fault(status=401, body=b'{"details":"x","message":"incorrect username or password"}')
            if seen.path.startswith("/token")
            else before(seen)
        )
        with pytest.raises(NetworkError, match=r"refuses jane a token for .*incorrect username"):
            get(world.client(server.url, JANE), server)

    @pytest.mark.parametrize("realm", ["http://tokens.example/t", "ftp://x/", "https://jane:x@tokens.example/"])
    def test_no_password_goes_to_an_unsafe_token_server(self, server: FaultyServer, world: World, realm: str) -> None:
        protected(server, f'Bearer realm="{realm}"', lambda shown: False)
        with pytest.raises(NetworkError, match=r"plain http|can't be used"):
            get(world.client(server.url, JANE), server)


class TestRedirects:
    def redirect(self, to: str, status: int = 307) -> Fault:
        return Fault(status=status, headers={"Location": to})

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_are_followed_without_the_credentials(
        self, server: FaultyServer, other: FaultyServer, world: World, status: int
    ) -> None:
        other.resources["/blob?signature=x"] = Resource(b"in")
        server.faults.append(self.redirect(f"{other.url}/blob?signature=x", status))
        assert get(world.client(server.url, JANE, eager=True), server) == b"in"
        assert "authorization" in server.seen[0].headers
        assert "authorization" not in other.seen[0].headers

    def test_keep_them_on_the_same_server(self, server: FaultyServer, world: World) -> None:
        server.resources["/v2/elsewhere"] = Resource(b"in")
        server.faults.append(self.redirect("../../../elsewhere"))
        assert get(world.client(server.url, JANE, eager=True), server) == b"in"
        assert "authorization" in server.seen[1].headers

    def test_a_challenge_of_another_server_is_not_answered(
        self, server: FaultyServer, other: FaultyServer, world: World
    ) -> None:
        server.script = lambda _: self.redirect(f"{other.url}/blob")
        other.script = lambda _: Fault(status=401, headers={"WWW-Authenticate": 'Basic realm="give it to me"'})
        with pytest.raises(NetworkError):
            get(world.client(server.url, JANE), server)
        assert all("authorization" not in seen.headers for seen in other.seen)

    def test_circles(self, server: FaultyServer, other: FaultyServer, world: World) -> None:
        server.script = lambda _: self.redirect(f"{other.url}/x")
        other.script = lambda _: self.redirect(server.url + PATH)
        with pytest.raises(NetworkError, match="in a loop"):
            get(world.client(server.url), server)

    def test_too_many(self, server: FaultyServer, world: World) -> None:
        server.script = lambda seen: self.redirect(f"{seen.path}x")
        with pytest.raises(NetworkError, match="more than 10 times"):
            get(world.client(server.url), server)

    @pytest.mark.parametrize(
        "target", ["ftp://x.example/", "file:///etc/passwd", "http://jane:pw@x.example/", "http://", "http://[::1"]
    )
    def test_nowhere_good(self, server: FaultyServer, world: World, target: str) -> None:
        server.script = lambda _: self.redirect(target)
        with pytest.raises(NetworkError, match="redirects") as refusal:
            get(world.client(server.url), server)
        assert "pw@" not in str(refusal.value)

    def test_to_nowhere(self, server: FaultyServer, world: World) -> None:
        server.script = lambda _: Fault(status=302)
        with pytest.raises(NetworkError, match="redirects without a Location"):
            get(world.client(server.url), server)


class TestPlainHttp:
    def test_no_credentials_to_another_machine(self, world: World) -> None:
        client = world.client("http://registry.example", JANE, eager=True)
        with pytest.raises(NetworkError, match="credentials are never sent"):
            client.fetch(Ask("GET", "http://registry.example/v2/"), {200}, 10)


class TestShortDocuments:
    def test_one_that_breaks_off_is_asked_for_again(self, server: FaultyServer, world: World) -> None:
        server.resources[PATH] = Resource(b"in")
        server.faults.append(Fault(cut_at=1))
        assert get(world.client(server.url), server) == b"in"

    @pytest.mark.parametrize("chunked", [True, False])
    def test_one_that_never_ends_is_refused(self, server: FaultyServer, world: World, chunked: bool) -> None:
        server.resources[PATH] = Resource(bytes(5_000_000))
        server.script = lambda _: Fault(chunked=chunked)
        with pytest.raises(NetworkError, match="more than 1,000 bytes"):
            get(world.client(server.url), server)

    @pytest.mark.parametrize("zeros", [15, 30, 5000])
    def test_one_that_claims_to_be_huge_is_not_waited_for(self, server: FaultyServer, world: World, zeros: int) -> None:
        server.script = lambda _: Fault(status=200, headers={"Content-Length": "1" + "0" * zeros}, body=b"in")
        with pytest.raises(NetworkError, match=r"more than 1,000 bytes|an invalid Content-Length"):
            get(world.client(server.url), server)
        assert len(server.seen) == 1

    @pytest.mark.parametrize("length", ["-7", "many"])
    def test_a_length_that_is_none(self, server: FaultyServer, world: World, length: str) -> None:
        server.script = lambda _: Fault(status=200, headers={"Content-Length": length}, body=b"in")
        with pytest.raises(NetworkError, match=f"invalid Content-Length: '{length}'"):
            get(world.client(server.url), server)
        assert len(server.seen) == 1

    def test_nobody_listens(self, world: World) -> None:
        with FaultyServer() as server:
            url = server.url
        with pytest.raises(NetworkError, match=r"127\.0\.0\.1:\d+ can't be reached: .*attempt 5 of 5"):
            world.client(url).fetch(Ask("GET", f"{url}/v2/"), {200}, 10)
        assert world.time.slept == [1, 2, 4, 8]

    def test_https_where_http_is_spoken(self, server: FaultyServer, world: World) -> None:
        url = server.url.replace("http:", "https:")
        with pytest.raises(NetworkError, match="--plain-http"):
            world.client(url).fetch(Ask("GET", f"{url}/v2/"), {200}, 10)
