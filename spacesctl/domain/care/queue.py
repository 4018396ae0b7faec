"""The queue of a Space as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spacesctl.domain.care.agent import Agent
from spacesctl.domain.care.call import Call
from spacesctl.domain.care.settings import USUAL, CareSettings
from spacesctl.domain.care.words import CallState
from spacesctl.domain.errors import NotFound, Refused


@dataclass(frozen=True)
class CareQueue:
    """A queue with its open calls and its agents, by id. `count` is how many calls there were."""

    settings: CareSettings = USUAL
    calls: Mapping[str, Call] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    count: int = 0
    is_open: bool = False
    drains: bool = False

    @property
    def is_over(self) -> bool:
        """Whether it takes no calls and has none."""
        return not self.is_open and not self.calls

    def line(self) -> list[Call]:
        """The calls that wait, who is next first."""
        return sorted((one for one in self.calls.values() if one.waits), key=lambda one: one.order)

    def place(self, call: Call) -> int:
        """Where a waiting call stands in line, from 1."""
        return 1 + sum(one.waits and one.order < call.order for one in self.calls.values())

    def call_of(self, caller_id: str) -> Call | None:
        """The open call of a caller; while one is written up they may have another."""
        return next((one for one in self.calls.values() if one.caller_id == caller_id and one.state != "wrapup"), None)

    def call(self, call_id: str) -> Call:
        """An open call. Raises NotFound."""
        found = self.calls.get(call_id)
        if found is None:
            raise NotFound("open call", call_id)
        return found

    def agent(self, account_id: str | None) -> Agent:
        """An agent. Raises Refused with reason `no_agent`."""
        found = self.agents.get(account_id or "")
        if found is None:
            raise Refused("no_agent", "you are no agent here", hint="the host names agents: care open --agent")
        return found

    def on_call(self, agent: Agent, *states: CallState) -> Call:
        """The agent's call, which is in one of these states. Raises Refused with reason `no_call`."""
        found = self.calls.get(agent.call_id or "")
        if found is None or found.state not in states:
            raise Refused("no_call", f"you have no call that is {' or '.join(states)}")
        return found
