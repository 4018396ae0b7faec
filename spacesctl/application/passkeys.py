"""Passkeys (WebAuthn): registered by who is signed in, and then a way to sign in without a handle or a password.

The library is loaded, and its checks are made, in a thread: it takes a tenth of a second.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from spacesctl.application.app import App
from spacesctl.application.challenges import LASTS, UNKNOWN
from spacesctl.application.sessions import Browser, Opened, add_session
from spacesctl.application.tokens import ending, tell
from spacesctl.domain.errors import Invalid, NotFound, NotSignedIn, Refused, TooMany
from spacesctl.domain.principals import Person
from spacesctl.store import accounts, audit, passkeys
from spacesctl.store.passkeys import Passkey

MOST: Final = 20
"""Passkeys of one account."""


@dataclass(frozen=True)
class Party:
    """Whom passkeys are for: the name of the host, and the origin of its pages."""

    id: str
    origin: str


def party_of(base_url: str) -> Party | None:
    """The party of a server. None where its public address is no name: browsers make no passkeys for addresses."""
    parts = urlsplit(base_url)
    name = parts.hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return Party(name, f"{parts.scheme}://{parts.netloc}")
    return None


@dataclass(frozen=True)
class Asked:
    """What a browser is asked: the id of the challenge, and the options for its API as JSON."""

    id: str
    options: str


async def ask_to_register(app: App, person: Person) -> Asked:
    """What a browser is asked that makes a passkey for the person's account. Raises Refused where there are none, and TooMany."""
    party, me = _party(app), person.account_id or ""
    async with app.db.read() as db:
        have = await passkeys.of_account(db, me)
    if len(have) >= MOST:
        raise TooMany("passkeys (remove one)", 60)
    name, challenge = app.challenges.make(me, app.clock.now())
    return Asked(name, await asyncio.to_thread(_registration, party, person, challenge, [one.id for one in have]))


def _registration(party: Party, person: Person, challenge: bytes, have: list[str]) -> str:
    from webauthn import base64url_to_bytes, generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.id,
        user_id=(person.account_id or "").encode(),
        user_name=f"@{person.handle}",
        challenge=challenge,
        timeout=round(LASTS.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in have],
    )
    return options_to_json(options)


async def register(app: App, person: Person, asked: str, credential: str, label: str) -> Passkey:
    """Store the passkey that a browser has made. The account is told. Raises Invalid, NotSignedIn for a challenge that is over, Refused or
    TooMany."""
    party, me, now = _party(app), person.account_id or "", app.clock.now()
    challenge = app.challenges.take(asked, me, now)
    found = await asyncio.to_thread(_registered, party, challenge, credential)
    made = Passkey(found[0], me, found[1], found[2], label or "a passkey", now)
    async with app.begin(person) as db:
        if len(await passkeys.of_account(db, me)) >= MOST:
            raise TooMany("passkeys (remove one)", 60)
        if await passkeys.get(db, made.id) is not None:
            raise Refused("registered", "this passkey is registered already")
        await passkeys.add(db, made)
        await audit.append(db, audit.Entry("passkey.add", person, None, me, {"label": made.label}), now)
        text = f"A passkey was added to this account: “{made.label}”. If it was not you, remove it on the page of your account."
        await tell(app, db, me, text, now)
    return made


def _registered(party: Party, challenge: bytes, credential: str) -> tuple[str, bytes, int]:
    """Raises Invalid."""
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url

    try:
        found = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception as error:  # the library's parsers raise what they meet
        raise Invalid("credential", "is no passkey that this server asked for") from error
    return bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count


async def list_passkeys(app: App, person: Person) -> list[Passkey]:
    """The person's own."""
    async with app.db.read() as db:
        return await passkeys.of_account(db, person.account_id or "")


async def remove(app: App, person: Person, passkey_id: str) -> None:
    """Remove one of the person's own passkeys. The account is told. Raises NotFound."""
    me, now = person.account_id or "", app.clock.now()
    async with app.begin(person) as db:
        if not await passkeys.drop(db, me, passkey_id):
            raise NotFound("passkey", passkey_id)
        await audit.append(db, audit.Entry("passkey.remove", person, None, me), now)
        await tell(app, db, me, "A passkey of this account was removed.", now)


async def ask_to_sign_in(app: App) -> Asked:
    """What a browser is asked that signs in: for any passkey of this server. Raises Refused where there are none."""
    party = _party(app)
    name, challenge = app.challenges.make(None, app.clock.now())
    return Asked(name, await asyncio.to_thread(_authentication, party, challenge))


def _authentication(party: Party, challenge: bytes) -> str:
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=round(LASTS.total_seconds() * 1000),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


async def sign_in(app: App, asked: str, credential: str, browser: Browser) -> Opened:
    """Sign in with what a passkey has signed. Raises NotSignedIn, or NotAllowed with reason `suspended`."""
    party, now = _party(app), app.clock.now()
    challenge = app.challenges.take(asked, None, now)
    named = await asyncio.to_thread(_named, credential)
    async with app.db.read() as db:
        kept = await passkeys.get(db, named[0])
    if kept is None or named[1] not in (None, kept.account_id.encode()):
        raise NotSignedIn(UNKNOWN, hint="try again")
    count = await asyncio.to_thread(_signed, party, challenge, credential, kept)
    async with ending(app) as end, app.db.begin() as db:
        if not await passkeys.note_use(db, kept, count, now):
            raise NotSignedIn(UNKNOWN, hint="try again")
        account = await accounts.present(db, kept.account_id)
        return Opened(account, await add_session(app, db, end, account, "passkey", browser))


def _named(credential: str) -> tuple[str, bytes | None]:
    """The id of a passkey, and its account's. Raises NotSignedIn."""
    from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json

    try:
        found = parse_authentication_credential_json(credential)
    except Exception as error:  # the library's parsers raise what they meet
        raise NotSignedIn(UNKNOWN, hint="try again") from error
    return bytes_to_base64url(found.raw_id), found.response.user_handle


def _signed(party: Party, challenge: bytes, credential: str, kept: Passkey) -> int:
    """The new count. Raises NotSignedIn."""
    from webauthn import verify_authentication_response

    try:
        return verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=kept.public_key,
            credential_current_sign_count=kept.sign_count,
            require_user_verification=True,
        ).new_sign_count
    except Exception as error:  # the library's parsers raise what they meet
        raise NotSignedIn(UNKNOWN, hint="try again") from error


def _party(app: App) -> Party:
    found = party_of(app.base_url)
    if found is None:
        raise Refused(
            "no_name", "there are no passkeys here: browsers make them for names of hosts alone, not for addresses"
        )
    return found
