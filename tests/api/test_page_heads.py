"""The heads of the pages: what a shared link shows elsewhere, what players and calendars find, and what nobody in particular is told."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio

PAGES = ("/", "/new", "/inbox", "/settings", "/account", "/reports", "/admin", "/sign-in", "/sign-up", "/device")


class Page(HTMLParser):
    """What a program that reads no scripts sees of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title = ""
        self.properties: dict[str, str] = {}
        self.alternates: dict[str, str] = {}
        self.loads: list[str] = []
        self.inline: list[str] = []
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag
        given = {name: value or "" for name, value in attrs}
        if "property" in given:
            self.properties[given["property"]] = given["content"]
        if given.get("rel") == "alternate":
            self.alternates[given["type"]] = given["href"]
        elif tag in ("script", "img", "link"):
            self.loads.append(given.get("src") or given.get("href", ""))
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.title += data
        if self._in in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in = ""


async def page_of(who: As, path: str, status: int = 200) -> Page:
    answer = await who.call("GET", path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    head = await who.call("HEAD", path)
    assert (head.status_code, head.content) == (status, b"")
    assert head.headers["content-type"] == answer.headers["content-type"]
    return Page(answer.text)


def at(space: str) -> str:
    return f"/s/{space.rsplit('/', 1)[-1]}"


async def test_a_shared_link_of_a_live_space_says_what_it_is_and_where_its_sound_is(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host, title="Evening round")
    page, base = await page_of(api.nobody, at(space)), api.app.base_url
    assert page.title == page.properties["og:title"] == "Evening round"
    assert page.properties["og:url"] == f"{base}{at(space)}"
    assert page.properties["og:description"] == "Live now, hosted by host (@host)."
    assert page.properties["og:audio"] == page.alternates["audio/ogg"] == f"{base}{space}/listen.ogg"
    assert page.alternates["text/calendar"] == f"{base}{space}.ics"
    for link in page.alternates.values():
        assert (await api.nobody.call("HEAD", link.removeprefix(base))).status_code == 200


async def test_a_scheduled_space_has_its_start_and_no_sound_yet(api: Api) -> None:
    host = await api.account("host")
    wish = {"title": "Later", "scheduled_start": "2099-03-01T18:30:00Z"}
    made = await host.ok("POST", "/v1/spaces", wish)
    page = await page_of(api.nobody, f"/s/{made['id']}")
    assert page.title == "Later"
    assert "2099-03-01 18:30 UTC" in page.properties["og:description"]
    assert set(page.alternates) == {"text/calendar"}
    plain = await host.ok("POST", "/v1/spaces", {"title": "Some day"})
    assert (await page_of(api.nobody, f"/s/{plain['id']}")).alternates == {}


@pytest.mark.parametrize("who", ["nobody", "host"])
async def test_a_space_for_signed_in_listeners_leaks_nothing_in_its_head_whoever_asks(api: Api, who: str) -> None:
    host = await api.account("host")
    space = await api.live(host, title="The secret plan", listeners="accounts")
    asked = host if who == "host" else api.nobody
    page = await page_of(asked, at(space))
    assert (page.title, page.properties, page.alternates) == ("Space", {}, {})
    answer = await asked.call("GET", at(space))
    assert "secret" not in answer.text
    assert "@host" not in answer.text
    assert answer.headers["x-robots-tag"] == "noindex"


async def test_a_space_that_is_over_or_never_was_is_nameless(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host, title="Evening round")
    await host.ok("POST", f"{space}/end")
    for path, status in ((at(space), 410), ("/s/1111111111111", 404)):
        page = await page_of(api.nobody, path, status)
        assert (page.title, page.properties, page.alternates) == ("Space", {}, {})


async def test_others_words_are_escaped_everywhere(api: Api) -> None:
    host = await api.account("host")
    title = """</title><script src="x">"'&lt;"""
    await host.ok("PATCH", "/v1/accounts/me", {"name": title[:50], "description": title})
    space = await api.live(host, title=title)
    for path in (at(space), "/@host"):
        page = await page_of(api.nobody, path)
        assert title in page.properties["og:title"]
        assert title in page.title
        assert "x" not in page.loads
        assert page.inline == []


async def test_an_accounts_page_names_it_and_leads_to_its_calendar(api: Api) -> None:
    host = await api.account("host")
    await host.ok("PATCH", "/v1/accounts/me", {"name": "Ann Lee", "description": "I host talks."})
    page, base = await page_of(api.nobody, "/@host"), api.app.base_url
    assert page.title == page.properties["og:title"] == "Ann Lee (@host)"
    assert page.properties["og:description"] == "I host talks."
    assert page.alternates == {"text/calendar": f"{base}/v1/accounts/@host/calendar.ics"}
    nobody = await page_of(api.nobody, "/@nobody", 404)
    assert (nobody.properties, nobody.alternates) == ({}, {})


@pytest.mark.parametrize("path", [*PAGES, "/@owner", "/s/1111111111111"])
async def test_pages_load_what_they_need_from_this_server_below_whatever_path_it_has(api: Api, path: str) -> None:
    answer = await api.nobody.call("GET", path)
    page = Page(answer.text)
    assert page.title
    assert page.inline == []
    up = "../" if path.startswith("/s/") else ""
    assert len(page.loads) >= 4
    for load in page.loads:
        assert load.startswith(f"{up}web/"), "nothing from elsewhere, nothing from the root of the host"
        found = await api.nobody.call("GET", f"/{load.removeprefix(up)}")
        assert found.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_files_of_the_pages_are_packed_and_not_sent_twice(api: Api) -> None:
    plain = await api.nobody.call("GET", "/web/space.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for accepted, packs in (("gzip, br", True), ("br;q=1, GZIP; q=0.5", True), ("gzip;q=0", False), ("br", False)):
        answer = await api.nobody.call("GET", "/web/space.js", headers={"Accept-Encoding": accepted})
        assert (answer.headers.get("content-encoding") == "gzip") is packs, accepted
        assert answer.content == plain.content
        assert answer.headers["vary"] == "Accept-Encoding"
    again = await api.nobody.call("GET", "/web/space.js", headers={"If-None-Match": f'W/"x", {plain.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert (await api.nobody.call("GET", "/web/..%2Fspaces.py")).status_code == 404


async def test_the_manifest_names_icons_that_there_are(api: Api) -> None:
    answer = await api.nobody.call("GET", "/web/app.webmanifest")
    assert answer.headers["content-type"].startswith("application/manifest+json")
    manifest = answer.json()
    assert manifest["start_url"] == manifest["scope"] == "../"
    assert {one["purpose"] for one in manifest["icons"]} == {"any", "maskable"}
    for one in manifest["icons"]:
        icon = await api.nobody.call("GET", f"/web/{one['src']}")
        assert (icon.status_code, icon.headers["content-type"]) == (200, one["type"])
