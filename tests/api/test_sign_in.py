"""Signing in to the page: passwords, sessions and their cookies, signing up, recovery, links that are good for one use."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spacesctl.application import links, passwords, sessions
from spacesctl.application.tokens import expire_tokens
from spacesctl.domain.words import SignUp
from spacesctl.server.http.rates import Limits, Rates
from spacesctl.store import tokens
from spacesctl.support.clock import VirtualClock
from tests.api.browser import PASSWORD, Browser, code_of, with_password
from tests.api.harness import Api, As, running_api

pytestmark = pytest.mark.anyio
MINE = "/v1/accounts/me/tokens"
WRONG = {"handle": "@ann", "password": "not the right one"}


async def told(who: As) -> list[str]:
    return [one["text"] for one in (await who.ok("GET", "/v1/dms"))["data"]]


async def test_a_password_begins_a_session_which_is_listed_told_and_ended(api: Api) -> None:
    ann, page = await with_password(api, "ann"), Browser(api)
    assert await page.whoami() is None
    made = await page.sign_in("@Ann")
    assert (made["handle"], made["space_id"]) == ("@ann", None)
    assert await page.whoami() == "@ann"
    await page.ok("POST", "/v1/posts", {"text": "from the page"})
    here = await page.current()
    assert (here["kind"], here["label"], here["scopes"]) == ("session", "Firefox on Linux, by password", ["use"])
    assert here["expires_at"] == made["expires_at"]
    assert (await told(ann))[0].startswith(
        "Somebody signed in to this account by password, with Firefox on Linux at 127.0.0.1"
    )
    await page.ok("DELETE", "/v1/session")
    assert await page.whoami() is None
    assert page.http.cookies.get("__Host-spacesctl") is None
    actions = [one["action"] for one in (await api.owner.ok("GET", "/v1/audit"))["data"]]
    assert actions[:3] == ["session.end", "session.begin", "password.set"]


async def test_who_is_signed_out_is_so_also_with_the_old_cookie(api: Api) -> None:
    await with_password(api, "ann")
    page, thief = Browser(api), Browser(api)
    await page.sign_in("ann")
    thief.http.cookies.update(page.http.cookies)
    await page.ok("DELETE", "/v1/session")
    assert await thief.whoami() is None
    assert (await thief.refused("POST", "/v1/posts", {"text": "x"}))["status"] == 401


async def test_who_signs_in_again_leaves_no_session_behind(api: Api) -> None:
    await with_password(api, "ann")
    ben = await with_password(api, "ben")
    page, thief = Browser(api), Browser(api)
    await page.sign_in("ann")
    thief.http.cookies.update(page.http.cookies)
    await page.sign_in("ben")
    assert (await page.whoami(), await thief.whoami()) == ("@ben", None)
    assert [one["kind"] for one in (await ben.ok("GET", MINE))["data"]].count("session") == 1


@pytest.mark.parametrize("handle", ["system", "Server", "spacesctl", "all", "everyone", "here", "me", "deleted"])
async def test_nobody_is_called_as_the_server_or_as_everybody(api: Api, handle: str) -> None:
    api.app.sign_up = SignUp.OPEN
    wish = {"handle": handle, "password": PASSWORD}
    assert "reserved" in (await Browser(api).refused("POST", "/v1/sign-up", wish))["detail"]


async def test_a_wrong_password_and_an_unknown_handle_are_answered_alike(api: Api) -> None:
    ann = await with_password(api, "ann")
    await api.account("ben")  # who has no password
    assert (await Browser(api).refused("POST", "/v1/session", {"handle": ann.id, "password": PASSWORD}))[
        "status"
    ] == 401
    answers = [
        await Browser(api).call("POST", "/v1/session", {**WRONG, "handle": handle})
        for handle in ("ann", "ben", "nobody", "spaces_bot", "not a handle!")
    ]
    assert [one.status_code for one in answers] == [401] * 5
    assert len({one.text for one in answers}) == 1
    assert "set-cookie" not in answers[0].headers


async def test_an_unknown_handle_is_compared_with_a_hash_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []
    compare = passwords.Passwords._compare

    def note(self: passwords.Passwords, password: str, kept: str | None) -> bool:
        asked.append(kept)
        return compare(self, password, kept)

    monkeypatch.setattr(passwords.Passwords, "_compare", note)
    await Browser(api).refused("POST", "/v1/session", {**WRONG, "handle": "nobody"})
    assert asked == [None]


@pytest.mark.parametrize(
    ("url", "base", "cookie"),
    [
        ("https://space.test", "https://space.test", "__Host-spacesctl={}; Path=/; {}; HttpOnly; SameSite=Strict; Secure"),
        ("https://space.test", "https://space.test/live", "__Secure-spacesctl={}; Path=/live/; {}; HttpOnly; SameSite=Strict; Secure"),
        ("http://127.0.0.1:8420", "http://127.0.0.1:8420", "spacesctl-8420={}; Path=/; {}; HttpOnly; SameSite=Strict"),
        ("http://localhost:8420", "http://127.0.0.1:8420", "spacesctl-8420={}; Path=/; {}; HttpOnly; SameSite=Strict"),
    ],
)  # fmt: skip
async def test_the_cookie(api: Api, url: str, base: str, cookie: str) -> None:
    await with_password(api, "ann")
    api.app.base_url = base
    answer = await Browser(api, url).call("POST", "/v1/session", {"handle": "ann", "password": PASSWORD})
    header = answer.headers["set-cookie"]
    secret = header.partition("=")[2].partition(";")[0]
    assert secret.startswith("sps_")
    assert len(secret) > 40
    assert header == cookie.format(secret, f"Max-Age={30 * 86_400}")
    assert secret not in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://space.test", {}),
        ("http://192.0.2.7:8420", {}),
        ("http://localhost:8420", {"X-Forwarded-For": "192.0.2.7"}),
        ("http://localhost:8420", {"Via": "1.1 proxy"}),
    ],
)
async def test_over_plain_http_from_elsewhere_nobody_signs_in_and_it_says_why(
    api: Api, url: str, headers: dict[str, str]
) -> None:
    await with_password(api, "ann")
    page = Browser(api, url, **headers)
    ways = await page.ok("GET", "/v1/sign-in")
    assert not ways["private"]
    assert "plain HTTP" in ways["why"]
    assert "microphone" in ways["why"]
    right = {"handle": "ann", "password": PASSWORD}
    for path, body in (("/v1/session", right), ("/v1/session/link", {"code": "x"}), ("/v1/sign-up", right)):
        assert (await page.refused("POST", path, body))["reason"] == "plain_http"


async def test_a_cookie_that_came_over_plain_http_counts_for_nothing(api: Api) -> None:
    await with_password(api, "ann")
    page = Browser(api)
    await page.sign_in("ann")
    secret = page.http.cookies["__Host-spacesctl"]
    for name in ("__Host-spacesctl", "spacesctl"):
        plain = Browser(api, "http://space.test", Cookie=f"{name}={secret}")
        assert await plain.whoami() is None
    tossed = Browser(api, "https://space.test", Cookie=f"spacesctl={secret}")
    assert await tossed.whoami() is None, "a neighbour can set a cookie without the prefix"


CROSS = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://other.space.test"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://space.test"},
]


@pytest.mark.parametrize("headers", CROSS)
async def test_a_page_of_another_site_changes_nothing_with_the_cookie(api: Api, headers: dict[str, str]) -> None:
    await with_password(api, "ann")
    page = Browser(api)
    await page.sign_in("ann")
    other = {"Sec-Fetch-Site": "", "Origin": "", **headers}
    for method, path, body in (
        ("POST", "/v1/posts", {"text": "spam"}), ("DELETE", "/v1/session", None), ("DELETE", f"{MINE}?all=true", None),
        ("PUT", "/v1/accounts/me/password", {"password": "a new password"}),
        ("POST", "/v1/session", {"handle": "ann", "password": PASSWORD}), ("POST", "/v1/sign-up", {"handle": "x", "password": PASSWORD}),
    ):  # fmt: skip
        assert (await page.refused(method, path, body, headers=other))["reason"] == "cross_site", path
    assert (await page.call("GET", "/v1/accounts/me", headers=other)).status_code == 200, (
        "what it reads it does not get to see"
    )
    assert await page.whoami() == "@ann"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://space.test", 201),
        ("https://public.test", 201),
        ("https://evil.test", 403),
        ("http://space.test", 403),
        ("null", 403),
        (None, 403),
    ],
)
async def test_a_browser_without_fetch_metadata_is_known_by_its_origin(
    api: Api, origin: str | None, status: int
) -> None:
    await with_password(api, "ann")
    api.app.base_url = "https://public.test"
    page = Browser(api)
    await page.sign_in("ann")
    del page.http.headers["Sec-Fetch-Site"]
    headers = {"Origin": origin} if origin is not None else {}
    assert (await page.call("POST", "/v1/posts", {"text": "x"}, headers=headers)).status_code == status


async def test_a_program_with_a_token_needs_no_origin_and_a_token_is_no_session(api: Api) -> None:
    ann, page = await with_password(api, "ann"), Browser(api)
    await ann.ok("POST", "/v1/posts", {"text": "x"})
    await page.sign_in("ann")
    secret = page.http.cookies["__Host-spacesctl"]
    assert (await As(api, secret).refused("GET", "/v1/accounts/me"))["status"] == 401
    assert await Browser(api, Cookie=f"__Host-spacesctl={ann.token}").whoami() is None


async def test_a_revoked_session_ends_what_it_opened(api: Api) -> None:
    host, ann = await api.account("host"), await with_password(api, "ann")
    space = await api.live(host)
    page, other = Browser(api), Browser(api)
    await page.sign_in("ann")
    await other.sign_in("ann")
    kept = (await other.offer(f"{space}/whep")).headers["location"].rsplit("/", 1)[-1]
    location = (await page.offer(f"{space}/whep")).headers["location"].rsplit("/", 1)[-1]
    [actor] = api.app.registry.live()
    assert actor.session(location) is not None
    await ann.ok("DELETE", f"{MINE}/{(await page.current())['id']}")
    assert actor.session(location) is None
    assert actor.session(kept) is not None
    assert await page.whoami() is None
    assert (await told(ann))[0].startswith("A session of this account was revoked by you")


async def test_a_session_ends_at_its_time(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "data", clock=clock) as api:
        ann, page = await with_password(api, "ann"), Browser(api)
        await page.sign_in("ann")
        before = await told(ann)
        clock.advance(sessions.LASTS.total_seconds())
        assert await page.whoami() is None
        assert api.app.tokens.is_due(clock.now())
        await expire_tokens(api.app)
        async with api.app.db.read() as db:
            assert await tokens.next_expiry(db) is None
        assert await told(ann) == before, "that a session is over is no news"


async def test_the_oldest_session_goes_when_there_are_too_many(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST", 2)
    await with_password(api, "ann")
    pages = [Browser(api) for _ in range(3)]
    for page in pages:
        await page.sign_in("ann")
        await asyncio.sleep(0.002)  # they are ordered by the millisecond
    assert [await page.whoami() for page in pages] == [None, "@ann", "@ann"]


async def test_a_changed_password_ends_the_other_sessions(api: Api) -> None:
    ann = await with_password(api, "ann")
    page, other = Browser(api), Browser(api)
    await page.sign_in("ann")
    await other.sign_in("ann")
    wish = {"password": "another long one", "current": "wrong"}
    assert (await page.refused("PUT", "/v1/accounts/me/password", wish))["status"] == 401
    assert (await page.refused("PUT", "/v1/accounts/me/password", {"password": "another long one"}))["status"] == 401
    assert await other.whoami() == "@ann"
    assert await page.ok("PUT", "/v1/accounts/me/password", {**wish, "current": PASSWORD}) == {"ended": 1}
    assert (await page.whoami(), await other.whoami()) == ("@ann", None)
    assert (await Browser(api).refused("POST", "/v1/session", {"handle": "ann", "password": PASSWORD}))["status"] == 401
    await Browser(api).sign_in("ann", "another long one")
    await ann.ok("GET", "/v1/accounts/me")


@pytest.mark.parametrize("password", ["short", "", "aaaaaaaaaaaaaaa", "a_long_handle", "@A_Long_Handle"])
async def test_passwords_that_are_too_easy(api: Api, password: str) -> None:
    ann = await api.account("a_long_handle")
    assert (await ann.refused("PUT", "/v1/accounts/me/password", {"password": password}))["field"] == "password"


async def test_recovery_by_the_operator(api: Api) -> None:
    ann, page = await with_password(api, "ann"), Browser(api)
    await page.sign_in("ann")
    waiting = await ann.ok("POST", "/v1/accounts/me/links")
    assert (await ann.refused("POST", "/v1/accounts/@ann/recovery"))["reason"] == "scope"
    made = await api.owner.ok("POST", "/v1/accounts/@ann/recovery")
    assert (made["handle"], made["ended"]) == ("@ann", 1)
    assert await page.whoami() is None
    assert (await Browser(api).refused("POST", "/v1/session", {"handle": "ann", "password": PASSWORD}))["status"] == 401
    assert (await page.refused("POST", "/v1/session/link", {"code": code_of(waiting["url"])}))["status"] == 401
    await page.ok("POST", "/v1/session/link", {"code": code_of(made["url"])})
    await page.ok("PUT", "/v1/accounts/me/password", {"password": "another long one"})
    await Browser(api).sign_in("ann", "another long one")
    assert (await api.owner.refused("POST", "/v1/accounts/@spaces_bot/recovery"))["reason"] == "scope"


async def test_after_a_recovery_nothing_is_forwarded_to_whom_the_account_had_before(api: Api) -> None:
    ann = await api.account("ann")
    api.app.notify_schemes, api.app.allow_private = frozenset({"json"}), True
    await ann.ok("POST", "/v1/notifications", {"url": "json://127.0.0.1:9/x"})
    await ann.ok("POST", "/v1/webhooks", {"url": "https://hooks.example/x", "events": ["spaces.start"]})
    await api.owner.ok("POST", "/v1/accounts/@ann/recovery")
    for path in ("/v1/notifications", "/v1/webhooks"):
        assert (await ann.ok("GET", path))["data"] == []


@pytest.mark.parametrize("way", ["password", "revoke"])
async def test_a_link_that_waits_goes_with_a_new_password_and_with_all_tokens(api: Api, way: str) -> None:
    ann = await with_password(api, "ann")
    waiting = await ann.ok("POST", "/v1/accounts/me/links")
    if way == "password":
        await ann.ok("PUT", "/v1/accounts/me/password", {"current": PASSWORD, "password": "another long one"})
    else:
        await ann.ok("DELETE", f"{MINE}?all=true")
    used = await Browser(api).call("POST", "/v1/session/link", {"code": code_of(waiting["url"])})
    assert used.status_code == 401


async def test_a_password_cannot_be_tried_without_the_account_being_told(api: Api) -> None:
    await with_password(api, "ann")
    page = Browser(api, **{"Dry-Run": "true", "Authorization": f"Bearer {(await api.account('ben')).token}"})
    tried = await page.call("POST", "/v1/session", {"handle": "ann", "password": PASSWORD})
    assert (tried.status_code, "set-cookie" in tried.headers) == (400, False)


async def test_links_that_others_have_made_push_none_of_ones_own_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST", 2)
    host, ann = await api.accounts("host", "ann")
    own = await ann.ok("POST", "/v1/accounts/me/links")
    space_id = (await api.live(host)).rpartition("/")[2]
    for _ in range(3):
        await api.owner.ok("POST", "/v1/accounts/@ann/links", {"space_id": space_id})
    await Browser(api).ok("POST", "/v1/session/link", {"code": code_of(own["url"])})


async def test_a_link_signs_in_once_and_for_minutes(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "data", clock=clock) as api:
        ann, ben = await api.accounts("ann", "ben")
        made, late = [await ann.ok("POST", "/v1/accounts/me/links") for _ in range(2)]
        assert made["url"].startswith("http://space.test/sign-in#link=spl_")
        page, other = Browser(api), Browser(api)
        assert (await page.ok("POST", "/v1/session/link", {"code": code_of(made["url"])}))["handle"] == "@ann"
        for code in (code_of(made["url"]), "spl_x", ""):
            assert (await other.refused("POST", "/v1/session/link", {"code": code}))["detail"] == links.USED_UP
        clock.advance(links.SIGNS_IN_FOR.total_seconds())
        assert (await other.refused("POST", "/v1/session/link", {"code": code_of(late["url"])}))[
            "detail"
        ] == links.USED_UP
        assert (await ben.refused("POST", "/v1/accounts/@ann/links"))["reason"] == "scope"
        assert (await told(ann))[1].startswith("You made a link that signs in to this account once")


async def test_one_of_two_who_use_a_link_at_once_is_let_in(api: Api) -> None:
    ann = await api.account("ann")
    code = code_of((await ann.ok("POST", "/v1/accounts/me/links"))["url"])
    asked = [Browser(api).call("POST", "/v1/session/link", {"code": code}) for _ in range(5)]
    assert sorted(one.status_code for one in await asyncio.gather(*asked)) == [201, 401, 401, 401, 401]


async def test_a_link_for_a_space_opens_it(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host, invite=["@ann"])
    space_id = space.rpartition("/")[2]
    made = await api.owner.ok("POST", "/v1/accounts/@ann/links", {"space_id": space_id})
    assert made["url"].startswith(f"http://space.test/s/{space_id}#link=")
    page = Browser(api)
    found = await page.ok("POST", "/v1/session/link", {"code": code_of(made["url"])})
    assert (found["handle"], found["space_id"]) == ("@ann", space_id)
    [offer] = (await page.ok("GET", "/v1/accounts/me/invites"))["data"]
    assert (offer["space_id"], offer["state"]) == (space_id, "pending")
    await page.ok("POST", f"{space}/accept")
    assert (await ann.refused("POST", "/v1/accounts/me/links", {"space_id": "A" * 13}))["status"] == 404
    await host.ok("POST", f"{space}/end")
    assert (await ann.refused("POST", "/v1/accounts/me/links", {"space_id": space_id}))["status"] == 410


async def test_of_one_account_only_so_many_links_wait(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST", 2)
    ann, ben = await api.accounts("ann", "ben")
    first = await ben.ok("POST", "/v1/accounts/me/links")
    codes = []
    for _ in range(3):
        codes.append(code_of((await ann.ok("POST", "/v1/accounts/me/links"))["url"]))
        await asyncio.sleep(0.002)
    answers = [(await Browser(api).call("POST", "/v1/session/link", {"code": one})).status_code for one in codes]
    assert answers == [401, 201, 201]
    await Browser(api).ok("POST", "/v1/session/link", {"code": code_of(first["url"])})


async def test_who_may_make_an_account(api: Api) -> None:
    wish = {"handle": "zoe", "name": "Zoe", "password": PASSWORD}
    api.app.sign_up = SignUp.CLOSED
    assert (await Browser(api).refused("POST", "/v1/sign-up", wish))["reason"] == "sign_up"
    api.app.sign_up = SignUp.INVITATION
    for invitation in ({}, {"invitation": "spl_x"}):
        assert (await Browser(api).refused("POST", "/v1/sign-up", {**wish, **invitation}))["reason"] == "sign_up"
    url = (await api.owner.ok("POST", "/v1/sign-up/invitations"))["url"]
    assert url.startswith("http://space.test/sign-up#invitation=spl_")
    invited, page = {**wish, "invitation": code_of(url)}, Browser(api)
    assert (await page.refused("POST", "/v1/sign-up", {**invited, "handle": "owner"}))["status"] == 409, (
        "and the link still waits"
    )
    made = await page.ok("POST", "/v1/sign-up", invited)
    assert (made["handle"], made["name"], made["kind"]) == ("@zoe", "Zoe", "person")
    assert await page.whoami() == "@zoe"
    assert (await Browser(api).refused("POST", "/v1/sign-up", {**invited, "handle": "yves"}))["reason"] == "sign_up"
    api.app.sign_up = SignUp.OPEN
    await Browser(api).ok("POST", "/v1/sign-up", {**wish, "handle": "yves"})
    await Browser(api).sign_in("yves")


async def test_a_link_that_signs_in_makes_no_account_and_the_other_way_round(api: Api) -> None:
    ann = await api.account("ann")
    link = code_of((await ann.ok("POST", "/v1/accounts/me/links"))["url"])
    wish = {"handle": "zoe", "password": PASSWORD, "invitation": link}
    assert (await Browser(api).refused("POST", "/v1/sign-up", wish))["reason"] == "sign_up"
    await Browser(api).ok("POST", "/v1/session/link", {"code": link})
    invitation = code_of((await api.owner.ok("POST", "/v1/sign-up/invitations"))["url"])
    assert (await Browser(api).refused("POST", "/v1/session/link", {"code": invitation}))["status"] == 401
    await Browser(api).ok("POST", "/v1/sign-up", {**wish, "invitation": invitation})


async def test_guesses_at_a_handle_wear_out_whether_or_not_it_exists(api: Api) -> None:
    await with_password(api, "ann")
    api.app.rates = Rates(Limits(password="2/hour"))
    for _ in range(3):
        await Browser(api).sign_in("ann")  # right ones are not counted
    for handle in ("ann", "nobody"):
        answers = [await Browser(api).call("POST", "/v1/session", {**WRONG, "handle": handle}) for _ in range(3)]
        assert [one.status_code for one in answers] == [401, 401, 429]
        assert answers[2].json()["detail"].startswith("too many wrong passwords for this handle")
    assert (await Browser(api).call("POST", "/v1/session", {"handle": "@ANN", "password": PASSWORD})).status_code == 429


async def test_too_many_who_sign_in_at_once_are_told_to_try_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_password(api, "ann")
    monkeypatch.setattr(passwords, "WAITING", 1)
    right = {"handle": "ann", "password": PASSWORD}
    answers = await asyncio.gather(*(Browser(api).call("POST", "/v1/session", right) for _ in range(4)))
    assert {one.status_code for one in answers} == {201, 503}
    assert api.app.passwords._waiting == 0


async def test_who_is_suspended_learns_it_by_the_right_password_alone(api: Api) -> None:
    await with_password(api, "ann")
    page = Browser(api)
    await page.sign_in("ann")
    await api.owner.ok("PUT", "/v1/accounts/@ann/suspension", {"reason": "spam"})
    assert (await page.refused("GET", "/v1/accounts/me"))["reason"] == "suspended"
    assert (await Browser(api).refused("POST", "/v1/session", WRONG))["status"] == 401
    right = {"handle": "ann", "password": PASSWORD}
    assert (await Browser(api).refused("POST", "/v1/session", right))["reason"] == "suspended"
    await api.owner.ok("DELETE", "/v1/accounts/@ann/suspension")
    assert await page.whoami() == "@ann"


async def test_nothing_of_a_secret_is_at_rest(
    api: Api, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    ann, page = await with_password(api, "ann"), Browser(api)
    await page.sign_in("ann")
    link = code_of((await ann.ok("POST", "/v1/accounts/me/links"))["url"])
    invitation = code_of((await api.owner.ok("POST", "/v1/sign-up/invitations"))["url"])
    await Browser(api).call("POST", "/v1/session", {"handle": "ann", "password": "a mistyped secret"})
    secrets = [PASSWORD, page.http.cookies["__Host-spacesctl"], link, invitation, "a mistyped secret"]

    def dump() -> str:
        with closing(sqlite3.connect(api.database.path)) as raw:
            return "\n".join(raw.iterdump())

    kept = await asyncio.to_thread(dump)
    written = caplog.text + "".join(capsys.readouterr())
    assert [one for one in secrets if one in kept + written] == []
    assert "$argon2id$" in kept


async def test_a_deleted_account_leaves_no_way_in(api: Api) -> None:
    ann, page = await with_password(api, "ann"), Browser(api)
    await page.sign_in("ann")
    link = code_of((await ann.ok("POST", "/v1/accounts/me/links"))["url"])
    await api.owner.ok("DELETE", "/v1/accounts/@ann")
    assert await page.whoami() is None
    assert (await Browser(api).refused("POST", "/v1/session", {"handle": "ann", "password": PASSWORD}))["status"] == 401
    assert (await Browser(api).refused("POST", "/v1/session/link", {"code": link}))["status"] == 401


async def test_a_password_of_an_older_setting_is_hashed_anew_when_it_is_used(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hashes() -> list[str]:
        with closing(sqlite3.connect(api.database.path)) as raw:
            return [one for (one,) in raw.execute("SELECT hash FROM passwords")]

    monkeypatch.setattr(passwords, "MEMORY_KIB", 1_024)
    await with_password(api, "ann")
    assert "m=1024," in (await asyncio.to_thread(hashes))[0]
    monkeypatch.undo()
    api.app.passwords = passwords.Passwords()
    for _ in range(2):
        await Browser(api).sign_in("ann")
        [kept] = await asyncio.to_thread(hashes)
        assert f"m={passwords.MEMORY_KIB}," in kept


async def test_the_pages_are_there(api: Api) -> None:
    for name, script in (("sign-in", "sign-in"), ("sign-up", "sign-up"), ("account", "settings"), ("device", "device")):
        answer = await api.nobody.call("GET", f"/{name}")
        assert answer.status_code == 200
        assert "form-action 'none'" in answer.headers["content-security-policy"]
        assert f"web/{script}.js" in answer.text
        assert (await api.nobody.call("GET", f"/web/{script}.js")).status_code == 200


def test_a_link_lasts_longer_where_it_has_to_wait_for_somebody() -> None:
    assert timedelta(minutes=5) < links.SIGNS_IN_FOR < links.RECOVERS_FOR < links.INVITES_FOR < links.SIGNS_UP_FOR
