"""What is shared into a Space: who may, what is shown, in which order, and what takes it down."""

from __future__ import annotations

import json

import pytest

from spacesctl.domain.errors import Invalid
from spacesctl.domain.pins import checked_link
from tests.api.harness import Api

pytestmark = pytest.mark.anyio


async def test_posts_and_links_are_pinned_newest_first_and_told_on_the_space_clock(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    post = await ann.ok("POST", "/v1/posts", {"text": "look at this"})
    await host.ok("POST", f"{space}/pins", {"post": post["id"]})
    await host.ok("POST", f"{space}/pins", {"url": "https://example.org/a?b=c", "title": "The agenda"})
    shown = await host.ok("POST", f"{space}/pins", {"url": "https://docs.example.org/"})
    assert [(pin["kind"], pin["title"]) for pin in shown["pinned"]] == [
        ("link", "docs.example.org"),
        ("link", "The agenda"),
        ("post", None),
    ]
    pinned = (await api.nobody.ok("GET", space))["pinned"]
    assert pinned == shown["pinned"]
    assert (pinned[2]["post"], pinned[2]["by"]["handle"]) == (post, "@host")
    again = await host.ok("POST", f"{space}/pins", {"url": "https://example.org/a?b=c", "title": "The agenda"})
    assert [pin["title"] for pin in again["pinned"]] == ["The agenda", "docs.example.org", None]
    from spacesctl.live.event_views import View, visible
    from spacesctl.store import spaces as space_store

    async with api.app.db.read() as db:
        stored = await space_store.events_after(db, space.rsplit("/", 1)[-1], 0, limit=99, types=["pin.added"])
    told = [visible(event, View.AUDIENCE) for event in stored]
    assert [json.loads(message.split(b"data: ")[1])["data"]["pin"]["ref"] for message in told if message] == [
        post["id"],
        "https://example.org/a?b=c",
        "https://docs.example.org/",
        "https://example.org/a?b=c",
    ]


async def test_at_most_ten_are_pinned_and_one_taken_down_makes_room(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    for number in range(10):
        shown = await host.ok("POST", f"{space}/pins", {"url": f"https://example.org/{number}"})
    eleventh = {"url": "https://example.org/10"}
    assert (await host.refused("POST", f"{space}/pins", eleventh))["reason"] == "pins_full"
    await host.ok("POST", f"{space}/pins", {"url": "https://example.org/0"})
    await host.ok("DELETE", f"{space}/pins/{shown['pinned'][0]['id']}")
    assert len((await host.ok("POST", f"{space}/pins", eleventh))["pinned"]) == 10
    assert (await host.refused("DELETE", f"{space}/pins/999"))["status"] == 404


async def test_speakers_take_down_their_own_and_staff_takes_down_any(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    ben = await api.speaker(space, host, "ben")
    first = (await ann.ok("POST", f"{space}/pins", {"url": "https://example.org/1"}))["pinned"][0]["id"]
    second = (await ann.ok("POST", f"{space}/pins", {"url": "https://example.org/2"}))["pinned"][0]["id"]
    assert (await ben.refused("DELETE", f"{space}/pins/{first}"))["reason"] == "unshare"
    await ann.ok("DELETE", f"{space}/pins/{first}")
    await host.ok("DELETE", f"{space}/pins/{second}")
    assert (await host.ok("GET", space))["pinned"] == []


async def test_what_a_removed_speaker_pinned_goes_with_them(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    bad = await api.speaker(space, host, "bad")
    await bad.ok("POST", f"{space}/pins", {"url": "https://scam.example/"})
    await host.ok("POST", f"{space}/pins", {"url": "https://example.org/"})
    await host.ok("POST", f"{space}/people/@bad/kick")
    assert [pin["url"] for pin in (await host.ok("GET", space))["pinned"]] == ["https://example.org/"]


async def test_a_deleted_post_is_no_longer_pinned_anywhere(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    live = await api.live(host)
    coming = f"/v1/spaces/{(await host.ok('POST', '/v1/spaces', {'title': 'T'}))['id']}"
    post = await ann.ok("POST", "/v1/posts", {"text": "regretted"})
    for space in (live, coming):
        await host.ok("POST", f"{space}/pins", {"post": post["id"]})
    await ann.ok("DELETE", f"/v1/posts/{post['id']}")
    for space in (live, coming):
        assert (await host.ok("GET", space))["pinned"] == []
        assert (await api.app.registry.space(space.rsplit("/", 1)[-1])).pinned == ()


async def test_one_of_post_and_link_is_pinned_and_only_while_it_is_not_over(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    await host.refused("POST", f"{space}/pins", {})
    await host.refused("POST", f"{space}/pins", {"post": "1", "url": "https://example.org/"})
    assert (await host.refused("POST", f"{space}/pins", {"post": "1" * 19}))["status"] == 404
    await host.ok("POST", f"{space}/end")
    assert (await host.refused("POST", f"{space}/pins", {"url": "https://example.org/"}))["status"] == 410


@pytest.mark.parametrize(
    ("url", "title", "expected"),
    [
        ("https://example.org/x", None, "example.org"),
        ("http://Example.org:8080/x", "  The   page ", "The page"),
        ("https://example.org/" + "x" * 480, None, "example.org"),
    ],
)
def test_a_link_is_called_by_its_title_or_its_host(url: str, title: str | None, expected: str) -> None:
    assert checked_link(url, title) == (url, expected)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/",
        "example.org",
        "//example.org/",
        "https://",
        "https://ann:secret@example.org/",
        "https://ann@example.org/",
        "https://example.org/a b",
        "https://example.org/\x1b[31m",
        "https://example.org:notaport/",
        "https://[::1/",
        "https://example.org/" + "x" * 481,
    ],
)
def test_what_is_no_plain_web_link_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        checked_link(url, None)


def test_a_title_has_at_most_100_characters() -> None:
    with pytest.raises(Invalid):
        checked_link("https://example.org/", "x" * 101)
