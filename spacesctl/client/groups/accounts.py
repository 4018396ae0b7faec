"""Accounts: profiles, tokens, whom one follows and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spacesctl.api import accounts as wire
from spacesctl.api import sign_in
from spacesctl.api.accounts import Account, NewBlock
from spacesctl.api.people import ReceivedInvitation, Sanction, Undo
from spacesctl.api.posts import Post
from spacesctl.api.privacy import Erasure, Hold, NewHold
from spacesctl.api.profiles import Profile
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, Rows, SyncGroup, segment

NOTHING = type(None)
ARCHIVE = "application/zip"
JUST_A_BLOCK = NewBlock()
JUST_A_LINK = sign_in.NewLink()


def place(*parts: str) -> str:
    """A path below the accounts."""
    return "/".join(("/v1/accounts", *(segment(one) for one in parts)))


def _create(new: wire.NewAccount, *, idempotency_key: str | None = None) -> Call[wire.MadeAccount]:
    """For admins: create an account and its first token."""
    return Call("POST", "/v1/accounts", wire.MadeAccount, new, idempotency_key=idempotency_key)


def _list() -> Call[Page[wire.OverseenAccount]]:
    """For admins: all accounts, by handle."""
    return Call("GET", "/v1/accounts", Page[wire.OverseenAccount])


def _suspend(who: str, new: wire.NewSuspension) -> Call[wire.OverseenAccount]:
    """For admins: suspend an account, or change until when and why."""
    return Call("PUT", place(who, "suspension"), wire.OverseenAccount, new)


def _restore(who: str) -> Call[wire.OverseenAccount]:
    """For admins: end a suspension."""
    return Call("DELETE", place(who, "suspension"), wire.OverseenAccount)


def _delete(who: str) -> Call[None]:
    """Delete the caller's account (`me`), or as an admin any. It cannot be undone."""
    return Call("DELETE", place(who), NOTHING)


def _plan_erasure(who: str) -> Call[Erasure]:
    """What erasing the caller's account (`me`), or for admins any, would erase now, and what is kept."""
    return Call("GET", place(who, "erasure"), Erasure)


def _erase(who: str) -> Call[Erasure]:
    """Delete the caller's account (`me`), or as an admin any, and erase their words. It cannot be undone."""
    return Call("POST", place(who, "erasure"), Erasure)


def _hold(new: NewHold) -> Call[Hold]:
    """For admins: keep what there is of an account or a Space from being purged and erased."""
    return Call("POST", "/v1/holds", Hold, new)


def _holds(*, released: bool = False) -> Call[Page[Hold]]:
    """For admins: legal holds, newest first; with `released` also those that ended."""
    return Call("GET", "/v1/holds", Page[Hold], parameters={"released": "true"} if released else {})


def _release(hold_id: str) -> Call[None]:
    """For admins: end a legal hold."""
    return Call("DELETE", f"/v1/holds/{segment(hold_id)}", NOTHING)


def _me() -> Call[wire.Me]:
    """The caller's account."""
    return Call("GET", place("me"), wire.Me)


def _get(who: str) -> Call[Account]:
    """An account, by id or handle."""
    return Call("GET", place(who), Account)


def _describe(about: wire.AboutMe) -> Call[wire.DescribedAccount]:
    """Change the caller's name and description."""
    return Call("PATCH", place("me"), wire.DescribedAccount, about)


def _profile(who: str = "me") -> Call[Profile]:
    """An account, its live and scheduled Spaces, and its last posts."""
    return Call("GET", place(who, "profile"), Profile)


def _posts(who: str) -> Call[Page[Post]]:
    """An account's posts, newest first."""
    return Call("GET", place(who, "posts"), Page[Post])


def calendar_place(who: str) -> str:
    """The path of a host's calendar, to which calendar programs subscribe."""
    return place(who, "calendar.ics")


def _calendar(who: str) -> Call[str]:
    """The Spaces and series of a host as an iCalendar feed."""
    return Call("GET", calendar_place(who), str, media="text/calendar")


def _create_token(who: str, new: wire.NewToken) -> Call[wire.MadeToken]:
    """Create a further token."""
    return Call("POST", place(who, "tokens"), wire.MadeToken, new)


def _tokens(who: str = "me") -> Call[Page[wire.Token]]:
    """The tokens of an account, the newest first."""
    return Call("GET", place(who, "tokens"), Page[wire.Token])


def _revoke_token(who: str, token_id: str) -> Call[wire.RevokedTokens]:
    """Revoke one token, by its id."""
    return Call("DELETE", place(who, "tokens", token_id), wire.RevokedTokens)


def _revoke_tokens(who: str, label: str) -> Call[wire.RevokedTokens]:
    """Revoke all tokens with this label."""
    return Call("DELETE", place(who, "tokens"), wire.RevokedTokens, parameters={"label": label})


def _revoke_all_tokens(who: str, *, but_this: bool = False) -> Call[wire.RevokedTokens]:
    """Revoke all tokens of an account, or all but the one in use."""
    parameters = {"all": "true", "but_this": "true" if but_this else "false"}
    return Call("DELETE", place(who, "tokens"), wire.RevokedTokens, parameters=parameters)


def _set_password(new: sign_in.NewPassword) -> Call[sign_in.EndedSessions]:
    """Set or change the caller's password; its other sessions end."""
    return Call("PUT", place("me", "password"), sign_in.EndedSessions, new)


def _make_link(who: str, new: sign_in.NewLink = JUST_A_LINK) -> Call[sign_in.MadeLink]:
    """A link that signs the caller (`me`) in once, or for admins any account."""
    return Call("POST", place(who, "links"), sign_in.MadeLink, new)


def _recover(who: str) -> Call[sign_in.Recovered]:
    """For admins: let the owner of an account in again."""
    return Call("POST", place(who, "recovery"), sign_in.Recovered)


def _invite() -> Call[sign_in.SignUpLink]:
    """For admins: a link with which somebody may make an account."""
    return Call("POST", "/v1/sign-up/invitations", sign_in.SignUpLink)


def _passkeys() -> Call[Page[sign_in.Passkey]]:
    """The caller's passkeys, the oldest first."""
    return Call("GET", place("me", "passkeys"), Page[sign_in.Passkey])


def _remove_passkey(passkey_id: str) -> Call[None]:
    """Remove a passkey of the caller's."""
    return Call("DELETE", place("me", "passkeys", passkey_id), NOTHING)


def _provider() -> Call[sign_in.LinkedProvider]:
    """Whether the provider of OpenID Connect signs in the caller's account."""
    return Call("GET", place("me", "provider"), sign_in.LinkedProvider)


def _unlink_provider() -> Call[None]:
    """The provider signs in the caller's account no longer."""
    return Call("DELETE", place("me", "provider"), NOTHING)


def _following() -> Call[Page[Account]]:
    """The accounts that the caller follows."""
    return Call("GET", place("me", "following"), Page[Account])


def _follow(who: str) -> Call[None]:
    """Follow an account."""
    return Call("PUT", place("me", "following", who), NOTHING)


def _unfollow(who: str) -> Call[None]:
    """Stop following an account."""
    return Call("DELETE", place("me", "following", who), NOTHING)


def _blocks() -> Call[Page[Account]]:
    """The accounts that the caller has blocked."""
    return Call("GET", place("me", "blocks"), Page[Account])


def _block(who: str, new: NewBlock = JUST_A_BLOCK) -> Call[None]:
    """Block an account."""
    return Call("PUT", place("me", "blocks", who), NOTHING, new)


def _blocklist() -> Call[Page[wire.BlockedAccount]]:
    """The accounts that the caller has blocked, with the reasons."""
    return Call("GET", place("me", "blocklist"), Page[wire.BlockedAccount])


def _preview_blocks(whom: Sequence[str]) -> Call[Page[wire.BlockEffect]]:
    """What blocks of these accounts, at most 500, would end."""
    new = wire.NewPreview(accounts=list(whom))
    return Call("POST", place("me", "blocklist", "preview"), Page[wire.BlockEffect], new)


def _unblock(who: str) -> Call[None]:
    """Remove a block."""
    return Call("DELETE", place("me", "blocks", who), NOTHING)


def _invites() -> Call[Page[ReceivedInvitation]]:
    """The caller's invitations to Spaces that are not over, newest first."""
    return Call("GET", place("me", "invites"), Page[ReceivedInvitation])


def _sanctions() -> Call[Page[Sanction]]:
    """The sanctions on the caller, newest first."""
    return Call("GET", place("me", "sanctions"), Page[Sanction])


def _block_sanctions() -> Call[Page[Sanction]]:
    """The blocks on the caller's list, also those that a rule made and those that ended."""
    return Call("GET", "/v1/sanctions", Page[Sanction])


def _undo_block(sanction_id: str, reason: str = "", *, wrong: bool = False) -> Call[Sanction]:
    """Undo a block, also one that a rule made; `wrong`: the rule is not to find the same again."""
    return Call("POST", f"/v1/sanctions/{segment(sanction_id)}/undo", Sanction, Undo(reason=reason, wrong=wrong))


class _Calls:
    create = Operation(_create)
    list = Listing(_list)
    suspend = Operation(_suspend)
    restore = Operation(_restore)
    delete = Operation(_delete)
    plan_erasure = Operation(_plan_erasure)
    erase = Operation(_erase)
    hold = Operation(_hold)
    holds = Listing(_holds)
    release = Operation(_release)
    me = Operation(_me)
    get = Operation(_get)
    describe = Operation(_describe)
    profile = Operation(_profile)
    posts = Listing(_posts)
    calendar = Operation(_calendar)
    create_token = Operation(_create_token)
    tokens = Listing(_tokens)
    revoke_token = Operation(_revoke_token)
    revoke_tokens = Operation(_revoke_tokens)
    revoke_all_tokens = Operation(_revoke_all_tokens)
    set_password = Operation(_set_password)
    make_link = Operation(_make_link)
    recover = Operation(_recover)
    invite = Operation(_invite)
    passkeys = Listing(_passkeys)
    remove_passkey = Operation(_remove_passkey)
    provider = Operation(_provider)
    unlink_provider = Operation(_unlink_provider)
    following = Listing(_following)
    follow = Operation(_follow)
    unfollow = Operation(_unfollow)
    blocks = Listing(_blocks)
    block = Operation(_block)
    unblock = Operation(_unblock)
    blocklist = Listing(_blocklist)
    preview_blocks = Rows(_preview_blocks)
    invites = Listing(_invites)
    sanctions = Listing(_sanctions)
    block_sanctions = Listing(_block_sanctions)
    undo_block = Operation(_undo_block)


class Accounts(_Calls, SyncGroup):
    """`client.accounts`."""

    def export(self, who: str, target: Path) -> str:
        """Write what is kept about the caller (`me`), or for admins about any account, to a ZIP archive; its SHA-256. Raises OSError."""
        return self.sender.download(place(who, "export"), target, ARCHIVE)


class AsyncAccounts(_Calls, AsyncGroup):
    """`client.accounts`."""

    async def export(self, who: str, target: Path) -> str:
        """Write what is kept about the caller (`me`), or for admins about any account, to a ZIP archive; its SHA-256. Raises OSError."""
        return await self.sender.download(place(who, "export"), target, ARCHIVE)
