"""What an operator publishes: statements of reasons and figures of what was done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from spacesctl.domain.transparency import Statement
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, plans, running_api, watched
from tests.api.test_moderation import RULES, act
from tests.api.test_reporters import about
from tests.domain.test_transparency import complaints

pytestmark = pytest.mark.anyio
DAYS = "first=2026-11-30&last=2026-11-30"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
async def api(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Api]:
    """It is noon there: what is asked for and found are days."""
    async with running_api(tmp_path / "data", clock=VirtualClock(NOON, speed=1)) as running:
        yield running


async def an_hour(api: Api) -> tuple[As, As, str]:
    """A Space in which a rule mutes, and staff redact, demote, kick upon a report, block, and an operator suspends; warnings and a measure
    restrict nobody in particular."""
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host, delay=4)
    ann = await api.speaker(space, host, "ann")
    await api.listener(space, ben)
    await host.ok("PUT", f"{space}/rules", {"text": RULES})
    actor = api.app.registry.actors[space.rpartition("/")[2]]
    actor.tick = actor.now_tick() + 1_000
    await host.ok("POST", f"{space}/redactions", {"account": "@ann", "last": 3, "reason": "her name"})
    await api.bot.ok("POST", f"{space}/acts", act(ann, "mute", start_tick=900, end_tick=950))
    await host.ok("POST", f"{space}/people/@ann/warn", {"reason": "loud"})
    await host.ok("POST", f"{space}/people/@ann/demote", {"reason": "loud"})
    report = await ben.ok("POST", "/v1/reports", about(space, "@ann") | {"category": "private_information"})
    await host.ok("PATCH", f"/v1/reports/{report['id']}", {"state": "upheld"})
    kick = {"reason": "ann sells coins", "duration": 3600, "report": report["id"]}
    await host.ok("POST", f"{space}/people/@ann/kick", kick)
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann", {"reason": "again"})
    await ben.ok("PUT", "/v1/accounts/me/blocks/@host")
    await api.owner.ok("PUT", "/v1/accounts/@ann/suspension", {"reason": "coins", "duration": 7 * 86_400})
    return host, ann, space


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


async def test_each_restriction_of_somebody_is_a_statement_that_fits(api: Api) -> None:
    await an_hour(api)
    rows = (await api.owner.ok("GET", f"/v1/audit/statements?{DAYS}&language=EN"))["data"]
    assert [complaints(Statement(**row)) for row in rows] == [[]] * 6
    assert len({row["puid"] for row in rows}) == 6
    made = {
        row["decision_facts"].split(".")[0]: (
            row["automated_decision"].removeprefix("AUTOMATED_DECISION_"),
            row["source_type"],
        )
        for row in rows
    }
    assert made == {
        "The recipient's microphone was closed in the room": ("FULLY", "SOURCE_VOLUNTARY"),
        "A stretch of what the recipient said was silenced before the delayed audience heard it": (
            "NOT_AUTOMATED",
            "SOURCE_VOLUNTARY",
        ),
        "The recipient was moved from the stage to the audience": ("NOT_AUTOMATED", "SOURCE_VOLUNTARY"),
        "The recipient was removed from the room": ("NOT_AUTOMATED", "SOURCE_TYPE_OTHER_NOTIFICATION"),
        "The recipient was shut out of the rooms of this host": ("NOT_AUTOMATED", "SOURCE_VOLUNTARY"),
        "The recipient's account was suspended by an operator": ("NOT_AUTOMATED", "SOURCE_VOLUNTARY"),
    }
    [kick] = [row for row in rows if row["decision_provision"]]
    assert (kick["category"], kick["end_date_service_restriction"]) == (
        "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "2026-11-30",
    )
    [suspended] = [row for row in rows if "suspended" in row["decision_facts"]]
    assert suspended["end_date_account_restriction"] == "2026-12-07"


async def test_nothing_of_a_person_is_in_a_statement(api: Api) -> None:
    host, ann, _ = await an_hour(api)
    answer = await api.owner.call("GET", f"/v1/audit/statements?{DAYS}")
    for secret in ("ann", "host@", "@host", ann.id, host.id, "coins", "her name", "crypto", "giveaway"):
        assert secret not in answer.text, secret


async def test_statements_come_in_pages_without_a_gap(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await an_hour(api)
    whole = (await api.owner.ok("GET", f"/v1/audit/statements?{DAYS}"))["data"]
    monkeypatch.setattr("spacesctl.application.transparency.PAGE", 2)
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        after = {"cursor": cursor} if cursor else {}
        page = await api.owner.ok(
            "GET", "/v1/audit/statements", params={"first": "2026-11-30", "last": "2026-11-30", **after}
        )
        found += page["data"]
        cursor = page["next"]
    assert found == whole


async def test_the_figures_count_what_the_statements_say(api: Api) -> None:
    await an_hour(api)
    found = (await api.owner.ok("GET", f"/v1/audit/figures?{DAYS}"))["data"]
    values = {(row["section"], row["figure"], row["detail"]): row["value"] for row in found}
    restricted = {key[1:]: value for key, value in values.items() if key[0] == "restrictions"}
    assert restricted == {
        (action, "decided by a rule" if action == "mute" else "decided by a person"): 1
        for action in ("mute", "redact", "demote", "kick", "block", "suspend")
    }
    assert (
        values["reports", "by people", ""]
        == values["reports", "by people", "private_information"]
        == values["reports", "by people", "now upheld"]
        == 1
    )
    assert values["automated means", "restrictions by rules alone", ""] == 1
    assert values["reports", "median hours until decided", ""] == 0
    assert values["appeals", "filed", ""] == 0


async def test_an_appeal_with_success_is_counted_against_the_rule(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    await host.ok("PUT", f"{space}/rules", {"text": RULES})
    await api.bot.ok("POST", f"{space}/acts", act(ann, "mute"))
    [sanction] = (await ann.ok("GET", "/v1/accounts/me/sanctions"))["data"]
    appeal = await ann.ok("POST", f"/v1/sanctions/{sanction['id']}/appeal", {"text": "a quotation"})
    await host.ok("PATCH", f"/v1/appeals/{appeal['id']}", {"state": "granted", "reason": "so it was"})
    found = (await api.owner.ok("GET", f"/v1/audit/figures?{DAYS}"))["data"]
    values = {(row["figure"], row["detail"]): row["value"] for row in found}
    assert (values["filed", ""], values["filed", "now granted"], values["of them appealed with success", ""]) == (
        1,
        1,
        1,
    )


@pytest.mark.parametrize("path", ["figures", "statements"])
@pytest.mark.parametrize(
    "days",
    ["first=2026-11-30&last=2026-11-29", "first=x&last=2026-11-30", "first=2020-01-01&last=2026-01-01", "first=2026-11-30&last=2026-02-30",
     "first=0001-01-01&last=9999-12-31", "first=9999-12-31&last=9999-12-31"],
)  # fmt: skip
async def test_days_that_are_none_are_refused(api: Api, path: str, days: str) -> None:
    assert (await api.owner.refused("GET", f"/v1/audit/{path}?{days}"))["status"] == 400


@pytest.mark.parametrize(
    "given", ["territory=XX", "territory=", "territory=de", "language=en", "language=ENG", "cursor=x", "cursor=x/y"]
)
async def test_countries_and_languages_that_are_none_are_refused(api: Api, given: str) -> None:
    assert (await api.owner.refused("GET", f"/v1/audit/statements?{DAYS}&{given}"))["status"] == 400


@pytest.mark.parametrize("path", ["figures", "statements"])
async def test_they_are_for_operators(api: Api, path: str) -> None:
    host = await api.account("host")
    await api.live(host)
    assert (await host.refused("GET", f"/v1/audit/{path}?{DAYS}"))["reason"] == "scope"


async def test_a_page_begins_where_the_last_ended_by_an_index(api: Api) -> None:
    """Of each table the rows before are passed over, not read again: a page costs the same wherever it is."""
    days = {"first": "2026-11-30", "last": "2026-11-30"}
    with watched(api) as asked:
        await api.owner.ok("GET", "/v1/audit/statements", params={**days, "cursor": "2026-11-30T12:00:00.000Z/x"})
    read = plans(api, [one for one in asked if "UNION ALL" in one[0]])
    for table, index in (
        ("sanctions", "ix_sanctions_since_id (since>? AND since<?)"),
        ("redactions", "ix_redactions_at_id (at>? AND at<?)"),
        ("audit_entries", "ix_audit_entries_action_at (action=? AND at>? AND at<?)"),
    ):
        assert any(plan.startswith(f"SEARCH {table} USING INDEX {index}") for plan in read), read
    assert not [plan for plan in read if plan.startswith(("SCAN sanctions", "SCAN redactions", "SCAN audit_entries"))]


async def test_reports_are_counted_in_the_categories_of_the_template_too(api: Api) -> None:
    await an_hour(api)
    found = (await api.owner.ok("GET", f"/v1/audit/figures?{DAYS}"))["data"]
    notices = {(row["figure"], row["detail"]): row["value"] for row in found if row["section"] == "notices"}
    privacy = "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"
    assert notices == {
        (figure, detail): value
        for figure, value in (("received", 1), ("upheld", 1), ("median hours until decided", 0))
        for detail in ("", privacy)
    }
