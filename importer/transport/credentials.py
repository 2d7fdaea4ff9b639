"""What a user can show to a server.

Sources: RFC 7617 (Basic), distribution "Token Authentication Specification" and "OAuth2 Token
Authentication" (identity tokens), Artifactory's REST authentication (``X-JFrog-Art-Api``).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

API_KEY_HEADER = "X-JFrog-Art-Api"


@dataclass(frozen=True, slots=True)
class Password:
    """A name and a password (or an access token in its place)."""

    username: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header (RFC 7617 §2, UTF-8)."""
        # A name or password from the environment may hold bytes that aren't UTF-8; they go out as they are.
        pair = f"{self.username}:{self.password}".encode("utf-8", "surrogateescape")
        return f"Basic {base64.b64encode(pair).decode()}"


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """A refresh token that a token server gives access tokens for."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that is shown to the server itself."""

    token: str = field(repr=False)

    @property
    def bearer(self) -> str:
        """The value of an Authorization header (RFC 6750 §2.1)."""
        return f"Bearer {self.token}"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An Artifactory API key, shown in a header of its own."""

    key: str = field(repr=False)


Credentials = Password | IdentityToken | AccessToken | ApiKey
