"""The chat of a Space and typed speech, through the API: who reads what when, and what becomes of the words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from spacesctl.domain.principals import ANONYMOUS
from spacesctl.live.event_views import View
from spacesctl.live.subscriber import Subscriber
from spacesctl.server.http.routes.events import _first
from tests.api.harness import Api, As
from tests.api.test_redactions import REDACTING, actor_of, said_for

pytestmark = pytest.mark.anyio


async def room(api: Api, **more: Any) -> tuple[As, As, As, str]:
    """A host, a speaker, a listener, and a Space in which everybody writes and the audience hears 4 s later."""
    host = await api.account("host")
    place = await api.live(host, delay=4, chat="everyone", **more)
    ann = await api.speaker(place, host, "ann")
    ben = await api.account("ben")
    await api.listener(place, ben)
    await said_for(api, place, 20)
    return host, ann, ben, place


async def texts(who: As, place: str, view: str = "audience", what: str = "chat") -> list[str]:
    return [one["text"] for one in (await who.ok("GET", f"{place}/{what}", params={"view": view}))["data"]]


async def heard(api: Api, place: str, seconds: float = 5) -> None:
    """The audience has heard what was said and written."""
    await said_for(api, place, seconds)
    await api.app.registry.release()


def waiting(stream: Subscriber) -> str:
    """What a stream has been told and nobody has read."""
    return b"".join([stream._queue.get_nowait() or b"" for _ in range(stream._queue.qsize())]).decode()


async def test_the_audience_reads_a_message_when_it_hears_its_moment_and_staff_at_once(api: Api) -> None:
    host, _, ben, place = await room(api)
    written = await ben.ok("POST", f"{place}/chat", {"text": "  good   evening "})
    assert (written["text"], written["speaker"], written["erased"]) == ("good evening", "@ben", False)
    assert await texts(host, place, "staff") == ["good evening"]
    assert await texts(ben, place) == []
    assert (await ben.refused("GET", f"{place}/chat", params={"view": "staff"}))["status"] == 403
    await heard(api, place)
    assert await texts(api.nobody, place) == ["good evening"]


async def test_a_message_is_written_once_however_often_it_is_sent(api: Api) -> None:
    host, _, ben, place = await room(api)
    for _ in range(2):
        await ben.ok("POST", f"{place}/chat", {"text": "once"}, headers={"Idempotency-Key": "k"})
    assert await texts(host, place, "staff") == ["once"]


async def test_typed_speech_is_a_caption_of_who_types_and_no_program_wrote_it(api: Api) -> None:
    host, ann, ben, place = await room(api)
    staff = actor_of(api, place).hub.subscribe(View.STAFF, ANONYMOUS)
    partial = await ann.ok("POST", f"{place}/typed", {"text": "good eve"})
    final = await ann.ok("POST", f"{place}/typed", {"text": "good evening", "final": True})
    assert (partial["seq"], partial["utterance"]) == (None, final["utterance"])
    told = waiting(staff)
    assert '"text":"good eve"' in told
    [said] = (await host.ok("GET", f"{place}/captions", params={"view": "staff"}))["data"]
    assert (said["speaker"], said["text"], said["typed"], said["ai"]) == ("@ann", "good evening", True, False)
    assert [word["w"] for word in said["words"]] == ["good", "evening"]
    assert (await ben.refused("POST", f"{place}/typed", {"text": "x", "final": True}))["status"] == 403
    assert await texts(host, place, "staff") == []


async def test_a_rule_masks_words_before_the_audience_reads_them(api: Api) -> None:
    host, ann, ben, place = await room(api, rules=REDACTING)
    number = (await ben.ok("POST", f"{place}/chat", {"text": "free crypto giveaway here"}))["seq"]
    caption = (await ann.ok("POST", f"{place}/typed", {"text": "a crypto giveaway", "final": True}))["seq"]
    for one in (number, caption):
        mask = {"words": [[1, 2]], "rule_id": "pitch"}
        for _ in range(2):  # the same again changes nothing
            await api.bot.ok("POST", f"{place}/chat/{one}/mask", mask)
    await heard(api, place)
    assert await texts(ben, place) == ["free [redacted] [redacted] here"]
    assert await texts(ben, place, what="captions") == ["a [redacted] [redacted]"]
    assert await texts(host, place, "staff") == ["free crypto giveaway here"]
    assert (await ben.refused("POST", f"{place}/chat/{number}/mask", {"words": [[0, 0]]}))["status"] == 403
    assert (await host.refused("POST", f"{place}/chat/{number}/mask", {"words": [[0, 9]]}))["status"] == 400


async def test_a_mask_that_comes_late_is_told_to_those_who_read_the_words(api: Api) -> None:
    host, _, ben, place = await room(api)
    number = (await ben.ok("POST", f"{place}/chat", {"text": "one two"}))["seq"]
    await heard(api, place)
    await host.ok("POST", f"{place}/chat/{number}/mask", {"words": [[0, 0]]})
    assert await texts(ben, place) == ["[redacted] two"]
    actor = actor_of(api, place)
    await heard(api, place)
    first = _first(api.app, actor, actor.space, actor.subscribe(View.AUDIENCE, ANONYMOUS), number - 1)
    replayed = b"".join([part async for part in first]).decode()
    assert "one two" not in replayed
    assert '"text.masked"' in replayed


async def test_a_number_that_a_rule_finds_is_kept_by_nobody(api: Api) -> None:
    host, _, ben, place = await room(api, rules=REDACTING)
    number = (await ben.ok("POST", f"{place}/chat", {"text": "call 1234567 now"}))["seq"]
    mask = {"words": [[1, 1]], "digits": True, "rule_id": "pitch"}
    await api.bot.ok("POST", f"{place}/chat/{number}/mask", mask)
    assert await texts(host, place, "staff") == ["call [number] now"]
    assert (await host.refused("POST", f"{place}/chat/{number}/mask", {"words": [[0, 0]], "digits": True}))[
        "status"
    ] == 400


async def test_where_rules_redact_at_no_delay_the_audience_still_reads_after_they_have(api: Api) -> None:
    host, _, ben, place = await room(api, rules=REDACTING)
    await host.ok("PATCH", place, {"delay": 0, "delay_now": True})
    actor_of(api, place).audience.behind = 0
    await heard(api, place, 0.02)
    await ben.ok("POST", f"{place}/chat", {"text": "hello"})
    await heard(api, place, 0.5)
    assert await texts(ben, place) == []
    await heard(api, place, 1)
    assert await texts(ben, place) == ["hello"]


async def test_what_is_erased_only_staff_reads(api: Api) -> None:
    host, ann, ben, place = await room(api)
    first = (await ben.ok("POST", f"{place}/chat", {"text": "mine"}))["seq"]
    second = (await ben.ok("POST", f"{place}/chat", {"text": "theirs"}))["seq"]
    await heard(api, place)
    assert (await ann.refused("DELETE", f"{place}/chat/{first}"))["status"] == 403
    await ben.ok("DELETE", f"{place}/chat/{first}")
    await host.ok("DELETE", f"{place}/chat/{second}")
    await host.ok("DELETE", f"{place}/chat/{second}")  # once more changes nothing
    assert await texts(ben, place) == []
    shown = (await host.ok("GET", f"{place}/chat", params={"view": "staff"}))["data"]
    assert [(one["text"], one["erased"]) for one in shown] == [("mine", True), ("theirs", True)]
    assert (await host.refused("DELETE", f"{place}/chat/1"))["status"] == 404


async def test_a_cut_and_a_cough_take_what_was_written_too(api: Api) -> None:
    host, _, ben, place = await room(api)
    await ben.ok("POST", f"{place}/chat", {"text": "first"})
    assert (await ben.ok("POST", f"{place}/cough"))["state"] == "in_force"
    await said_for(api, place, 1)
    await host.ok("POST", f"{place}/chat", {"text": "second"})
    await heard(api, place, 8)
    assert await texts(ben, place) == ["[redacted]", "second"]
    await ben.ok("POST", f"{place}/chat", {"text": "third"})
    await host.ok("POST", f"{place}/dump")
    await heard(api, place)
    assert await texts(ben, place) == ["[redacted]", "second", "[redacted]"]


async def test_who_is_removed_with_what_they_said_is_read_no_more(api: Api) -> None:
    host, _, ben, place = await room(api)
    await ben.ok("POST", f"{place}/chat", {"text": "spam"})
    await host.ok("POST", f"{place}/people/@ben/kick", {"erase": True})
    await heard(api, place)
    assert await texts(api.nobody, place) == []
    assert (await ben.refused("POST", f"{place}/chat", {"text": "again"}))["status"] == 403


async def test_slow_mode_spaces_messages_out_but_not_those_of_staff(api: Api) -> None:
    host, _, ben, place = await room(api)
    await host.ok("PATCH", place, {"chat_every": 30})
    await ben.ok("POST", f"{place}/chat", {"text": "one"})
    assert (await ben.refused("POST", f"{place}/chat", {"text": "two"}))["code"] == "too_many"
    for text in ("three", "four"):
        await host.ok("POST", f"{place}/chat", {"text": text})


async def test_a_report_has_the_words_of_the_chat(api: Api) -> None:
    host, ann, ben, place = await room(api)
    await ben.ok("POST", f"{place}/chat", {"text": "awful words"})
    about = {"space_id": place.rpartition("/")[2], "category": "abuse", "account": "@ben"}
    filed = await ann.ok("POST", "/v1/reports", about)
    packet = await host.ok("GET", f"/v1/reports/{filed['id']}")
    assert [word["w"] for word in packet["words"]] == ["awful", "words"]


async def test_an_export_has_what_one_wrote(api: Api) -> None:
    from tests.api.test_export import exported, rows

    _, ann, ben, place = await room(api)
    await ben.ok("POST", f"{place}/chat", {"text": "hello"})
    await ann.ok("POST", f"{place}/typed", {"text": "good evening", "final": True})
    assert [(one["text"], one["form"]) for one in rows(await exported(ben), "captions")] == [("hello", "chat")]
    assert [(one["text"], one["form"]) for one in rows(await exported(ann), "captions")] == [("good evening", "typed")]


async def test_what_is_typed_is_shown_as_far_as_no_rule_finds_anything(api: Api) -> None:
    _, ann, _, place = await room(api, rules=REDACTING)
    audience = actor_of(api, place).hub.subscribe(View.AUDIENCE, ANONYMOUS)
    shown = await ann.ok("POST", f"{place}/typed", {"text": "hello"})
    await heard(api, place)
    await ann.ok("POST", f"{place}/typed", {"text": "hello crypto giveaway"})
    await api.bot.ok("POST", f"{place}/typed/mask", {"utterance": shown["utterance"], "rule_id": "pitch"})
    await heard(api, place)
    told = waiting(audience)
    assert '"text":"hello"' in told
    assert "giveaway" not in told


async def test_the_chat_is_changed_by_staff_and_noted(api: Api) -> None:
    host, ann, _, place = await room(api)
    changed = await host.ok("PATCH", place, {"chat": "speakers", "chat_every": 5, "typed_aloud": True})
    assert (changed["chat"], changed["chat_every"], changed["typed_aloud"]) == ("speakers", 5, True)
    assert (await ann.refused("PATCH", place, {"chat": "off"}))["status"] == 403
    entries = (await api.owner.ok("GET", "/v1/audit"))["data"]
    assert "chat" in [one["action"] for one in entries]


async def test_words_of_the_chat_go_when_captions_go(api: Api) -> None:
    host, _, ben, place = await room(api)
    await ben.ok("POST", f"{place}/chat", {"text": "hello"})
    await host.ok("POST", f"{place}/end")
    from spacesctl.store import purging

    later = api.app.clock.now() + timedelta(days=1)
    async with api.app.db.read() as db:
        assert len(await purging.old_captions(db, place.rpartition("/")[2], later, 10)) == 1
