"""The pages of the web app, each used by who it is for, in a real browser against a real server."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bots import casts
from spacesctl.audio.ogg import read_packets
from tests.e2e.axe import judged
from tests.e2e.peers import LaneSpeaker, packets_of
from tests.e2e.scene import Scene, run, scene
from tests.e2e.test_browser import LANE, MICROPHONE, TRACKS, Tab, address, tab
from tests.e2e.test_browser import pytestmark as pytestmark
from tests.e2e.test_page_seat import confirm
from tests.listening import RATE, likeness

VOICE = casts.load("cast_a").host.clip
LISTENED = """navigator.wakeLock && (navigator.wakeLock.request = async (kind) => {
  (window.locks ||= []).push(kind);
  return { released: false, release: async () => locks.push("released") };
});"""


async def signed_in(browser: Tab, room: Scene, handle: str) -> None:
    """By a link, as somebody who has an account comes here first."""
    made = await room.as_(handle).call("POST", "/v1/accounts/me/links", {})
    await browser.page.goto(made["url"])
    await browser.page.wait_for_url("**/account")
    await browser.reads("title", f"@{handle}")


async def opens(browser: Tab, room: Scene, path: str, text: str = "") -> None:
    await browser.page.goto(f"{room.server.url}{path}")
    await browser.reads("content", text)


async def upload(room: Scene, handle: str) -> str:
    """A voice clip of somebody; its id."""

    def made() -> str:
        with room.server.client(room.tokens[handle]) as client:
            return str(client.upload("/v1/clips", VOICE)["id"])

    return await asyncio.to_thread(made)


def test_the_first_page_shows_nobody_what_is_public_and_a_follower_their_people_first(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", "ben", title="Evening round") as room, tab(tmp_path) as browser:
            ben = await room.new_space("ben", title="Of strangers")
            await room.new_space("ann", title="For members", listeners="accounts")
            coming = {"title": "Next week", "scheduled_start": "2099-01-01T12:00:00Z"}
            await room.new_space("ann", start=False, **coming)
            await opens(browser, room, "/", "Evening round")
            await browser.reads("live", "of strangers")
            await browser.reads("coming", "next week")
            assert "members" not in await browser.text("live")
            assert await browser.page.is_visible("#welcome")
            assert await browser.page.is_visible("#nav-sign-in")
            assert not await browser.page.is_visible("#nav-inbox")
            await browser.page.fill("#search", "strangers")
            await browser.page.click("#search-form button")
            await browser.holds("document.querySelectorAll('#live li').length === 1")
            await room.as_("ann").call("PUT", "/v1/accounts/me/following/@ben")
            await signed_in(browser, room, "ann")
            await browser.page.click(".brand")
            await browser.reads("live", "for members")
            names = await browser.page.locator("#live .name").all_inner_texts()
            assert names == ["For members", "Of strangers", "Evening round"]
            marks = await browser.page.locator("#live li").all_inner_texts()
            assert "yours" in marks[0]
            assert "you follow" in marks[1]
            await browser.page.click("#live li:nth-child(2) .name")
            await browser.page.wait_for_url(f"**/s/{ben}")
            await browser.reads("title", "Of strangers")
            assert await browser.errors() == []

    run(body)


def test_a_new_space_is_live_when_it_is_made_with_whom_and_what_was_chosen(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", "ben") as room, tab(tmp_path) as browser:
            page = browser.page
            await page.goto(f"{room.server.url}/new")
            await page.wait_for_url("**/sign-in?to=new")
            await signed_in(browser, room, "host")
            await page.click("#nav-new")
            await page.fill("#name", "Of bees")
            await page.fill("#invite", "ann")
            await page.fill("#cohosts", "@nobody")
            await page.click("details summary")
            await page.fill("#topics", "bees, honey")
            await page.select_option("#rules", "starter")
            await page.select_option("#record", "mix")
            await page.select_option("#delay", "6")
            await page.click("#create")
            await browser.reads("message", "nobody")
            await page.fill("#cohosts", "@ben")
            await page.click("#create")
            await page.wait_for_url("**/s/*")
            await browser.reads("state", "live")
            made = await room.as_host.call("GET", f"/v1/spaces/{page.url.rsplit('/', 1)[-1]}")
            assert (made["title"], made["topic_ids"], made["delay"], made["state"]) == (
                "Of bees",
                ["bees", "honey"],
                6.0,
                "live",
            )
            assert made["recording"]["kind"] == "mix"
            assert made["rules"] is not None
            invites = (await room.as_host.call("GET", f"/v1/spaces/{made['id']}/invites"))["data"]
            assert {(one["handle"], one["role"]) for one in invites} == {("@ann", "speaker"), ("@ben", "cohost")}
            assert len(await browser.errors()) == 1, "Chromium tells of the refusal in the console itself"

    run(body)


def test_a_space_is_planned_in_local_time_and_who_waits_is_reminded(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path, timezone_id="Asia/Tokyo") as browser:
            page = browser.page
            await signed_in(browser, room, "host")
            await page.click("#nav-new")
            await page.fill("#name", "Later")
            await page.check("#at")
            await browser.reads("zone", "Asia/Tokyo")
            at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=2, hours=3)
            await page.fill("#start", (at + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M"))
            await page.click("#create")
            await page.wait_for_url("**/s/*")
            await browser.reads("countdown", "starts in 2 days")
            assert not await page.is_visible("#remind"), "who hosts knows of it"
            place = f"/v1/spaces/{page.url.rsplit('/', 1)[-1]}"
            assert (await room.as_host.call("GET", place))["scheduled_start"] == at.strftime("%Y-%m-%dT%H:%M:00.000Z")
            await room.as_host.call("POST", f"{place}/invites", {"handles": ["@ann"]})
            await room.as_("ann").call("POST", f"{place}/accept")
            url = page.url
            await page.context.clear_cookies()
            await page.goto(url)
            await browser.reads("countdown", "starts in")
            assert not await page.is_visible("#remind"), "nobody knows whom to remind"
            await signed_in(browser, room, "ann")
            await page.goto(url)
            await browser.reads("stage-heading", "who speaks")
            await browser.reads("stage", "@ann")
            await page.click("#remind")
            await browser.reads("message", "half an hour before")
            assert (await room.as_host.call("GET", place))["subscriber_count"] == 1
            await page.click("#remind-not")
            await browser.reads("message", "not reminded")
            assert (await room.as_host.call("GET", place))["subscriber_count"] == 0
            assert await browser.errors() == []

    run(body)


def test_an_accounts_page_is_followed_unfollowed_blocked_and_unblocked(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            page = browser.page
            await room.as_host.call("PATCH", "/v1/accounts/me", {"description": "I host <b>rounds</b>."})
            clip = await upload(room, "host")
            await room.as_host.call("POST", "/v1/posts", {"text": "Come and listen", "clip": clip})
            await opens(browser, room, "/@host", "I host <b>rounds</b>.")
            await browser.reads("spaces", "The test")
            await browser.reads("posts", "Come and listen")
            assert not await page.is_visible("#follow")
            await browser.holds("document.querySelector('#posts audio').readyState > 0")
            await signed_in(browser, room, "ann")
            await opens(browser, room, "/@host")
            await page.click("#follow")
            await browser.reads("message", "you follow @host")
            assert await judged(browser) == []
            await browser.reads("counts", "1 follower")
            await page.click("#follow")
            await browser.reads("message", "no longer follow")
            await page.click("#block")
            await confirm(browser, input="loud")
            await browser.reads("message", "is blocked")
            assert not await page.is_visible("#follow")
            [blocked] = (await room.as_("ann").call("GET", "/v1/accounts/me/blocklist"))["data"]
            assert (blocked["handle"], blocked["reason"]) == ("@host", "loud")
            await page.click("#block")
            await browser.reads("message", "no longer blocked")
            assert (await room.as_("ann").call("GET", "/v1/accounts/me/blocklist"))["data"] == []
            assert await browser.errors() == []
            assert (await page.goto(f"{room.server.url}/@nobody")).status == 404
            await browser.reads("title", "no such account")

    run(body)


def test_the_inbox_has_invitations_messages_and_posts_and_what_is_shown_is_read(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", speakers="invited") as room, tab(tmp_path) as browser:
            page, host, ann = browser.page, room.as_host, room.as_("ann")
            other = await room.new_space(title="The other", start=False)
            await ann.call("PUT", "/v1/accounts/me/following/@host")
            await host.call("POST", f"{room.place}/invites", {"handles": ["@ann"]})
            await host.call("POST", f"/v1/spaces/{other}/invites", {"handles": ["@ann"]})
            clip = await upload(room, "host")
            await host.call("POST", "/v1/dms", {"to": "@ann", "text": "Listen to this", "clip": clip})
            await host.call("POST", "/v1/posts", {"text": "For followers"})
            await signed_in(browser, room, "ann")
            await opens(browser, room, "/", "The test")
            await browser.reads("nav-inbox", "inbox (")
            await page.click("#nav-inbox")
            await browser.reads("posts", "For followers")
            await browser.reads("messages", "Listen to this")
            await browser.holds("document.querySelector('#messages audio').readyState > 0")
            assert await page.locator("#messages .unread").count() > 0
            await page.reload()
            await browser.reads("messages", "Listen to this")
            await browser.holds("document.querySelectorAll('#messages .unread').length === 0")
            await page.locator("#invitations li", has_text="The other").locator("[data-do=decline]").click()
            await page.locator("#invitations li", has_text="The other").get_by_text("declined").wait_for()
            message = page.locator("#messages li", has_text="Listen to this")
            await message.get_by_text("Reply").click()
            await page.fill("#text", "Heard, thank you")
            await page.click("#write-form button[type=submit]")
            await browser.reads("message", "sent to @host")
            assert "Heard, thank you" in json.dumps((await host.call("GET", "/v1/dms"))["data"])
            await page.locator("#invitations li", has_text="The test").locator("[data-do=accept]").click()
            await page.wait_for_url(f"**/s/{room.space}")
            await browser.reads("place", "on stage")
            assert await browser.errors() == []

    run(body)


def test_a_voice_is_recorded_heard_again_and_sent_with_a_message(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            page = browser.page
            await signed_in(browser, room, "ann")
            await opens(browser, room, "/inbox", "Messages")
            await page.click("#write summary")
            assert await page.evaluate(TRACKS) == [], "no microphone before it is asked for"
            await page.click("#note button")
            await browser.reads("note", "stop recording")
            await asyncio.sleep(2.0)
            await page.click("#note button")
            await browser.holds("document.querySelector('#note audio')?.readyState > 0")
            assert await page.evaluate(TRACKS) == ["ended"]
            assert (await room.as_host.call("GET", "/v1/dms"))["data"] == []
            await page.fill("#to", "@host")
            await page.click("#write-form button[type=submit]")
            await browser.reads("message", "sent to @host")
            await browser.reads("note", "record your voice")
            [sent] = (await room.as_host.call("GET", "/v1/dms"))["data"]
            assert sent["text"] == ""
            assert 1_000 < sent["clip"]["duration_ms"] < 4_000
            with room.server.client(room.tokens["host"]) as client:
                (tmp_path / "note.ogg").write_bytes(await asyncio.to_thread(client.content, sent["clip"]["url"]))
            words = [
                "ffmpeg",
                "-v",
                "error",
                "-i",
                str(tmp_path / "note.ogg"),
                "-f",
                "s16le",
                "-ar",
                str(RATE),
                "-ac",
                "1",
                "-",
            ]
            process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
            pcm = np.frombuffer((await process.communicate())[0], np.int16)
            assert likeness(pcm, MICROPHONE) > 0.4, "it is what the microphone heard"
            assert await browser.errors() == []

    run(body)


def test_settings_try_the_microphone_end_a_session_and_list_blocks_and_notifications(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", "ben") as room, tab(tmp_path) as browser:
            page, ann = browser.page, room.as_("ann")
            await signed_in(browser, room, "ann")
            await page.click("#nav-settings")
            await page.click("#mic-test")
            await browser.reads("mic-says", "you can be heard")
            await browser.holds("document.getElementById('level').value > 0")
            await page.click("#mic-test")
            assert await page.evaluate(TRACKS) == ["ended"]
            await page.fill("#own-name", "Ann Lee")
            await page.fill("#own-description", "Bees.")
            await page.click("#profile-form button")
            await browser.reads("message", "saved")
            profile = await ann.call("GET", "/v1/accounts/@ann/profile")
            assert (profile["name"], profile["description"]) == ("Ann Lee", "Bees.")
            made = await ann.call("POST", "/v1/accounts/me/tokens", {"label": "my script"})
            await page.reload()
            await page.locator("#sessions li", has_text="my script").locator("button").click()
            await browser.holds("!document.getElementById('sessions').innerText.includes('my script')")
            left = [one["id"] for one in (await ann.call("GET", "/v1/accounts/me/tokens"))["data"]]
            assert made["id"] not in left
            await page.fill("#block-handle", "ben")
            await page.click("#block-form button")
            await browser.reads("blocks", "@ben")
            await page.click("#blocks button")
            await page.wait_for_selector("#blocks-none", state="visible")
            await page.fill("#outlet", "json://192.0.2.1/")
            await page.click("#outlet-form button")
            await browser.holds(
                "document.querySelectorAll('#outlets li').length + document.getElementById('message').innerText.length > 0"
            )
            async with page.expect_download() as coming:
                await page.click("#export")
            export = Path(await (await coming.value).path())
            assert export.read_bytes()[:2] == b"PK"

    run(body)


def test_a_report_is_read_heard_taken_noted_and_upheld(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", "ben") as room, tab(tmp_path) as browser:
            page = browser.page
            await room.stack.enter_async_context(LaneSpeaker(room, "ben", packets_of(LANE)))
            await asyncio.sleep(1.0)
            wish = {"space_id": room.space, "account": "@ben", "category": "spam", "note": "sells things"}
            made = await room.as_("ann").call("POST", "/v1/reports", wish)
            await signed_in(browser, room, "host")
            await page.click("#nav-reports")
            await browser.reads("reports", "spam or fraud")
            await browser.reads("reports", "sells things")
            assert await page.locator("audio").count() == 0, "nothing is heard before it was asked for"
            await page.click("[data-do=listen]")
            await browser.holds("document.querySelector('#reports audio').readyState > 0")
            await page.click("[data-do=assign]")
            await browser.reads("reports", "@host looks after it")
            await page.click("[data-do=note]")
            await confirm(browser, textarea="seen before")
            await browser.reads("reports", "seen before")
            await page.click("[data-do=uphold]")
            await confirm(browser, textarea="it is spam")
            await browser.reads("message", "upheld")
            await page.wait_for_selector("#reports-none", state="visible")
            whole = await room.as_host.call("GET", f"/v1/reports/{made['id']}")
            assert (whole["state"], whole["decision"], whole["assignee"]["handle"]) == ("upheld", "it is spam", "@host")
            await page.select_option("#which", "state=upheld")
            await browser.reads("reports", "it is spam")
            await page.click("[data-do=open]")
            await confirm(browser)
            await browser.reads("message", "open again")
            assert await browser.errors() == []

    run(body)


def test_operators_see_the_server_and_suspend_and_restore_and_others_are_told_that_it_is_not_theirs(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            page = browser.page
            await opens(browser, room, "/admin", "for the operators")
            await page.fill("#token", room.tokens["ann"])
            await page.click("#token-form button")
            await browser.reads("message", "no admin scope")
            assert not await page.is_visible("#operator")
            await page.fill("#token", room.server.owner_token)
            await page.click("#token-form button")
            await browser.reads("health", "ok")
            await browser.reads("server", room.server.url)
            await browser.reads("spaces", "The test")
            await page.fill("#find", "ann")
            await page.click("#accounts [data-do=suspend]")
            await page.locator("dialog select").select_option("86400")
            await confirm(browser, input="spam")
            await browser.reads("accounts", "suspended until")
            await browser.reads("accounts", "spam")
            await page.click("#accounts [data-do=restore]")
            await page.wait_for_selector("#accounts [data-do=suspend]")
            await page.click("#invite")
            await browser.reads("invitation", "/sign-up#invitation=")
            assert await browser.errors() == []

    run(body)


def test_after_the_end_its_host_hears_the_recording_and_reads_what_was_said(tmp_path: Path) -> None:
    packets = list(read_packets(VOICE.read_bytes()))

    async def body() -> None:
        async with scene(tmp_path, "ann", flags=(), captions=True) as room, tab(tmp_path) as browser:
            page = browser.page
            async with asyncio.timeout(20):
                while not (await room.as_host.call("GET", room.place))["captions_status"]["ready"]:
                    await asyncio.sleep(0.1)
            await signed_in(browser, room, "host")
            await page.goto(address(room))
            await room.stack.enter_async_context(LaneSpeaker(room, "ann", packets))
            await room.as_host.call("POST", f"{room.place}/recording", {})
            await room.as_("ann").call("PUT", f"{room.place}/mic", {"open": True, "consent": True})
            await browser.reads("captions", "@ann", 20)
            await page.click("#end-space")
            await confirm(browser)
            await browser.reads("message", "has ended")
            await page.wait_for_selector("#afterwards", state="visible")

            async def done() -> dict[str, Any]:
                [one] = (await room.as_host.call("GET", "/v1/recordings"))["data"]
                return dict(one)

            async with asyncio.timeout(10):
                while (await done())["state"] != "done":
                    await asyncio.sleep(0.1)
            assert (await page.reload()).status == 410
            await browser.holds("document.querySelector('#recordings audio')?.duration > 1")
            await browser.reads("chapters", "@ann")
            await browser.reads("figures", "@ann 100%")
            await browser.reads("figures", "who spoke")
            assert await judged(browser) == []
            await page.evaluate("document.querySelector('#recordings audio').muted = true")
            await page.click("#chapters button")
            await browser.holds("document.querySelector('#chapters .heard') !== null")
            texts = {}
            for end in ("srt", "vtt", "md"):
                async with page.expect_download() as coming:
                    await page.locator("#downloads a", has_text=end.upper() if end != "md" else "Markdown").click()
                file = await coming.value
                assert file.suggested_filename == f"The test.{end}"
                texts[end] = Path(await file.path()).read_text()
            said = (await room.as_host.call("GET", f"{room.place}/captions"))["data"][0]["text"]
            assert all(said in text for text in texts.values())
            assert texts["srt"].startswith("1\n00:00:")
            assert texts["vtt"].startswith("WEBVTT\n\n00:00:")
            await page.click("#recordings button.danger")
            await confirm(browser)
            await browser.reads("message", "deleted")
            assert (await room.as_host.call("GET", "/v1/recordings"))["data"] == []

    run(body)


SAID = [
    {"start": 1.0, "end": 2.5, "speaker": "@ann", "text": "hello"},
    {"start": 2.5, "end": 3.5, "speaker": "@ann", "text": "a < b & *c*"},
    {"start": 3723.0, "end": 3724.2496, "speaker": "@ben", "text": "yes"},
]
MADE = """async (lines) => {
  const { chaptersOf, sharesOf, shifted, toMarkdown, toSrt, toVtt } = await import("/web/transcripts.js");
  const { span } = await import("/web/lobby.js");
  return {
    srt: toSrt(lines), vtt: toVtt(lines), md: toMarkdown("Bees #1", lines), shares: sharesOf(lines),
    chapters: chaptersOf(lines).map((one) => [one.speaker, one.start, one.lines.length]),
    later: shifted(lines, 2.5).map((one) => [one.start, one.end]), none: [toSrt([]), sharesOf([])],
    spans: [0, 900, 61_000, 3_600_000, 90_061_000, -5].map(span),
  };
}"""


def test_captions_become_files_chapters_and_shares(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as room, tab(tmp_path, locale="en-GB") as browser:
            await browser.page.goto(address(room))
            made = await browser.page.evaluate(MADE, SAID)
            assert made["srt"] == (
                "1\n00:00:01,000 --> 00:00:02,500\n@ann: hello\n\n2\n00:00:02,500 --> 00:00:03,500\n@ann: a < b & *c*\n\n"
                "3\n01:02:03,000 --> 01:02:04,250\n@ben: yes\n"
            )
            assert made["vtt"].startswith("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<v @ann>hello\n\n")
            assert "<v @ann>a &lt; b &amp; *c*" in made["vtt"]
            assert made["md"].startswith("# Bees \\#1\n\n**@ann** (0:01): hello a \\< b & \\*c\\*\n")
            assert "**@ben** (1:02:03): yes" in made["md"]
            assert made["chapters"] == [["@ann", 1, 2], ["@ben", 3723, 1]]
            assert [one[0] for one in made["shares"]] == ["@ann", "@ben"]
            assert abs(sum(one[1] for one in made["shares"]) - 1) < 1e-9
            assert made["later"][0] == [0, 1]
            assert len(made["later"]) == 2
            assert made["none"] == ["", []]
            assert made["spans"] == [
                "0 seconds",
                "1 second",
                "1 minute 1 second",
                "1 hour",
                "1 day 1 hour",
                "0 seconds",
            ]

    run(body)


def test_a_phone_shows_what_plays_and_stays_awake_while_one_listens(tmp_path: Path) -> None:
    async def body() -> None:
        held: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
        async with scene(tmp_path, title="Evening round") as room, tab(tmp_path, **held) as browser:
            await browser.page.add_init_script(LISTENED)
            await browser.page.goto(address(room))
            await browser.reads("state", "live")
            assert await browser.page.evaluate("window.locks ?? []") == []
            await browser.page.tap("#listen")
            await browser.reads("listen", "stop listening")
            await browser.holds("(window.locks ?? []).join() === 'screen'")
            assert await browser.page.evaluate("navigator.mediaSession.metadata.title") == "Evening round"
            assert await browser.page.evaluate("navigator.mediaSession.playbackState") == "playing"
            await browser.page.tap("#listen")
            await browser.holds("locks.join() === 'screen,released'")
            assert await browser.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                "nothing sticks out"
            )
            assert await browser.errors() == []

    run(body)
