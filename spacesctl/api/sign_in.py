"""Signing in and up from a browser, passwords, links that are good for one use, recovery."""

from __future__ import annotations

from typing import Annotated

from spacesctl.api.accounts import Account, Name
from spacesctl.api.wire import Answer, Given, Meta, Time
from spacesctl.domain.words import SignUp

Secret = Annotated[str, Meta(max_length=200)]


class Ways(Answer, frozen=True, kw_only=True):
    """How one can sign in to this server. `private` is false where the connection is plain HTTP from another machine, so that nobody can;
    `why` says it."""

    private: bool
    why: str | None
    sign_up: SignUp
    passkeys: bool
    """Whether browsers make passkeys for this page: its host is a name."""
    provider: str | None
    """What the provider of OpenID Connect is called that signs people in, if there is one."""
    account: Account | None
    """Who is signed in."""


class NewSession(Given, frozen=True, kw_only=True):
    """Who signs in."""

    handle: Annotated[str, Meta(max_length=64)]
    password: Secret

    def __repr__(self) -> str:
        return "NewSession(...)"  # it has a secret


class NewSignUp(Given, frozen=True, kw_only=True):
    """Who makes an account. `invitation` is the code of the operator's link, where accounts are made by invitation."""

    handle: Annotated[str, Meta(max_length=64)]
    password: Secret
    name: Name | None = None
    invitation: Secret | None = None

    def __repr__(self) -> str:
        return "NewSignUp(...)"  # it has secrets


class NewPassword(Given, frozen=True, kw_only=True):
    """A password to set. `current` is the present one, if there is one."""

    password: Secret
    current: Secret | None = None

    def __repr__(self) -> str:
        return "NewPassword(...)"  # it has secrets


class LinkCode(Given, frozen=True, kw_only=True):
    """The code of a link that signs in once: what stands in it behind `link=`."""

    code: Secret

    def __repr__(self) -> str:
        return "LinkCode(...)"  # it has a secret


class Session(Account, frozen=True, kw_only=True):
    """A session that was begun; the browser has its secret as a cookie. `space_id`: the Space that the link was for."""

    expires_at: Time
    space_id: str | None = None


class PasskeyOptions(Answer, frozen=True, kw_only=True):
    """What a browser is asked: `options` is JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`, or `parseRequestOptionsFromJSON`.
    `id` names the question."""

    id: str
    options: str


class PasskeyAnswer(Given, frozen=True, kw_only=True):
    """What a passkey has signed: `credential` is JSON of the browser's `PublicKeyCredential`, and `id` that of the question."""

    id: Annotated[str, Meta(max_length=64)]
    credential: Annotated[str, Meta(max_length=16_384)]


class NewPasskey(PasskeyAnswer, frozen=True, kw_only=True):
    """A passkey that a browser has made. `label` is what its owner calls it."""

    label: Name = ""


class Passkey(Answer, frozen=True, kw_only=True):
    """A passkey of the caller's."""

    id: str
    label: str
    created_at: Time
    used_at: Time | None


class NewProviderSession(Given, frozen=True, kw_only=True):
    """Who goes to the provider. `invitation` is the code of the operator's link, for who has no account yet. Who is signed in links the
    account that they have."""

    invitation: Secret | None = None

    def __repr__(self) -> str:
        return "NewProviderSession(...)"  # it has a secret


class ProviderQuestion(Answer, frozen=True, kw_only=True):
    """The address at the provider to go to."""

    url: str

    def __repr__(self) -> str:
        return "ProviderQuestion(...)"  # it has a secret


class ProviderAnswer(Given, frozen=True, kw_only=True):
    """What stands in the address with which somebody comes back from the provider."""

    state: Secret
    code: Annotated[str, Meta(max_length=4_096)]

    def __repr__(self) -> str:
        return "ProviderAnswer(...)"  # it has secrets


class LinkedProvider(Answer, frozen=True, kw_only=True):
    """Whether the provider signs in the caller's account."""

    linked: bool


class EndedSessions(Answer, frozen=True, kw_only=True):
    """How many sessions ended."""

    ended: int


class NewLink(Given, frozen=True, kw_only=True):
    """A link to make. With `space_id` it opens this Space."""

    space_id: Annotated[str, Meta(max_length=13)] | None = None


class MadeLink(Account, frozen=True, kw_only=True):
    """A link that signs the account in once, which no other answer contains."""

    url: str
    expires_at: Time

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"  # it has a secret


class Recovered(MadeLink, frozen=True, kw_only=True):
    """The link that lets the owner of an account in again; other ways to sign in have gone but its tokens, and so many sessions ended."""

    ended: int

    def __repr__(self) -> str:
        return "Recovered(...)"  # it has a secret


class SignUpLink(Answer, frozen=True, kw_only=True):
    """A link with which somebody may make an account, once."""

    url: str
    expires_at: Time

    def __repr__(self) -> str:
        return "SignUpLink(...)"  # it has a secret
