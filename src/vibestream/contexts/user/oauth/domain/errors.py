"""How OAuth refuses: each error has the name and the status that the protocol gives it.

Source: RFC 6749, 4.1.2.1 and 5.2; RFC 8628, 3.5.
"""

from __future__ import annotations

from typing import ClassVar

from vibestream.kernel.errors import Conflict, InvalidInput, Missing


class ProtocolRefusal(InvalidInput):
    """A refusal that is told to a program in the protocol's own words."""

    code: ClassVar[str] = "oauth.refused"
    error: ClassVar[str] = "invalid_request"
    http_status: ClassVar[int] = 400

    def protocol_body(self) -> dict[str, str]:
        """Return the body that the protocol fixes for this refusal."""
        return {"error": self.error, "error_description": str(self)}


class InvalidRequest(ProtocolRefusal):
    """Something is missing, there twice, or malformed."""

    code: ClassVar[str] = "oauth.invalid_request"


class InvalidClient(ProtocolRefusal):
    """The client is not known, or did not show that it is itself."""

    code: ClassVar[str] = "oauth.invalid_client"
    error: ClassVar[str] = "invalid_client"
    http_status: ClassVar[int] = 401
    challenge: ClassVar[str] = 'Basic realm="VibeStream"'


class InvalidGrant(ProtocolRefusal):
    """The code or token is unknown, expired, revoked, another client's, or its proof does not fit."""

    code: ClassVar[str] = "oauth.invalid_grant"
    error: ClassVar[str] = "invalid_grant"


class GrantReplayed(InvalidGrant):
    """A code or token that is good once was shown again: everything that came of it has been revoked."""

    code: ClassVar[str] = "oauth.replayed"
    keeps_transaction: ClassVar[bool] = True
    """What was revoked stays revoked, although the request is refused."""


class UnsupportedGrant(ProtocolRefusal):
    """There is no such grant type here."""

    code: ClassVar[str] = "oauth.unsupported_grant_type"
    error: ClassVar[str] = "unsupported_grant_type"


class UnauthorizedClient(ProtocolRefusal):
    """The client was not registered for this way of asking."""

    code: ClassVar[str] = "oauth.unauthorized_client"
    error: ClassVar[str] = "unauthorized_client"


class AuthorizationPending(ProtocolRefusal):
    """The person has not decided yet what the device may do: ask again later."""

    code: ClassVar[str] = "oauth.authorization_pending"
    error: ClassVar[str] = "authorization_pending"
    keeps_transaction: ClassVar[bool] = True
    """When it was asked is remembered."""


class SlowDown(ProtocolRefusal):
    """The device asks too often: it waits five seconds more from now on."""

    code: ClassVar[str] = "oauth.slow_down"
    error: ClassVar[str] = "slow_down"
    keeps_transaction: ClassVar[bool] = True
    """That it has to wait longer is remembered."""


class AccessDenied(ProtocolRefusal):
    """The person said no to the device."""

    code: ClassVar[str] = "oauth.access_denied"
    error: ClassVar[str] = "access_denied"


class DeviceCodeExpired(ProtocolRefusal):
    """Nobody decided in time what the device may do."""

    code: ClassVar[str] = "oauth.device_code_expired"
    error: ClassVar[str] = "expired_token"


class InvalidScope(ProtocolRefusal):
    """A scope is unknown, or more than the client may ask for or was given."""

    code: ClassVar[str] = "oauth.invalid_scope"
    error: ClassVar[str] = "invalid_scope"


class RequestUnusable(InvalidInput):
    """The client or its redirect URI is not known: there is nobody whom the browser could be sent back to."""

    code: ClassVar[str] = "oauth.request_unusable"
    http_status: ClassVar[int] = 400


class RedirectUriInvalid(InvalidInput):
    """A redirect URI that no client may have."""

    code: ClassVar[str] = "oauth.redirect_uri_invalid"

    def __init__(self, uri: str) -> None:
        super().__init__("A redirect URI is https://, http:// at 127.0.0.1 or [::1], or an app's own scheme.")
        self._uri = uri


class ScopesInvalid(InvalidInput):
    """No scope was chosen, or one that cannot be had here."""

    code: ClassVar[str] = "oauth.scopes_invalid"


class ClientMissing(Missing):
    """The account has no such app."""

    code: ClassVar[str] = "oauth.client_missing"


class ClientsLimited(Conflict):
    """The account has as many as it may have."""

    code: ClassVar[str] = "oauth.clients_limited"


class UserCodeUnknown(InvalidInput):
    """No device waits for this code: mistyped, expired or decided already."""

    code: ClassVar[str] = "oauth.user_code_unknown"


class TokenMissing(Missing):
    """The account has no such personal access token."""

    code: ClassVar[str] = "oauth.token_missing"


class TokensLimited(Conflict):
    """The account has as many personal access tokens as it may have."""

    code: ClassVar[str] = "oauth.tokens_limited"


class ExpiryInvalid(InvalidInput):
    """A personal access token expires after a number of days that is offered."""

    code: ClassVar[str] = "oauth.expiry_invalid"
