"""Coop, as its API description has it: a small HTTP server that checks each field that it gets, and signs decisions."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY = "coop-api-key-0123456789"
TYPES = {"type-report", "type-space", "type-user"}


@cache
def private_key() -> rsa.RSAPrivateKey:
    """Made once: it takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: rsa.RSAPrivateKey | None = None) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return (key or private_key()).public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def sign(body: bytes, key: rsa.RSAPrivateKey | None = None) -> str:
    return base64.b64encode((key or private_key()).sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


@dataclass
class Coop:
    """Answers `answers` (a status, with the fault `title`) one by one, then as described. `reports` and `appeals` are what it took."""

    answers: list[int] = field(default_factory=list)
    title: str = "Invalid input"
    reports: list[dict[str, Any]] = field(default_factory=list)
    appeals: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    asked: int = 0
    port: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(self, asked: int) -> None:
        """Wait until it was asked so often."""
        async with asyncio.timeout(8):
            while self.asked < asked:
                self.news.clear()
                await self.news.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        status, answer = self._answer(head[0], headers, body)
        content = json.dumps(answer).encode() if answer is not None else b""
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        writer.close()
        self.asked += 1
        self.news.set()

    def _answer(self, line: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        self.bodies.append(body)
        if self.answers:
            status = self.answers.pop(0)
            return status, _errors(status, self.title) if status < 500 else None
        if headers.get("x-api-key") != KEY:
            return 401, _errors(401, "Unauthorized")
        try:
            assert headers["content-type"] == "application/json"
            call = json.loads(body)
            if line.startswith("POST /api/v1/report "):
                _check_report(call)
                self.reports.append(call)
                return 201, {"reportId": f"coop-{len(self.reports)}"}
            assert line.startswith("POST /api/v1/report/appeal "), line
            _check_appeal(call)
            self.appeals.append(call)
        except (AssertionError, KeyError, ValueError) as error:
            self.faults.append(repr(error))
            return 400, _errors(400, "Invalid input")
        return 204, None


def _errors(status: int, title: str) -> Any:
    fault = {"status": status, "type": ["/errors/x"], "title": title, "detail": "secret words", "pointer": "/reporter"}
    return {"errors": [fault]}


def _check_report(call: dict[str, Any]) -> None:
    _only(call, {"reporter", "reportedAt", "reportedItem"}, {"reportedForReason", "additionalItems"})
    _only(call["reporter"], {"kind", "typeId", "id"})
    assert call["reporter"]["kind"] == "user"
    assert call["reporter"]["typeId"] == "type-user"
    _check_time(call["reportedAt"])
    _check_item(call["reportedItem"])
    _only(call.get("reportedForReason", {}), set(), {"policyId", "reason", "csam"})
    assert all(isinstance(value, str) for value in call.get("reportedForReason", {}).values())
    for item in call.get("additionalItems", []):
        _check_item(item)


def _check_appeal(call: dict[str, Any]) -> None:
    needed = {"appealId", "appealedBy", "appealedAt", "actionedItem", "actionsTaken"}
    _only(call, needed, {"appealReason", "violatingPolicies", "additionalItems"})
    assert isinstance(call["appealId"], str)
    _only(call["appealedBy"], {"id", "typeId"})
    _check_time(call["appealedAt"])
    _check_item(call["actionedItem"])
    assert all(isinstance(one, str) for one in call["actionsTaken"])
    for policy in call.get("violatingPolicies", []):
        _only(policy, {"id"})
    for item in call.get("additionalItems", []):
        _check_item(item)


def _check_item(item: dict[str, Any]) -> None:
    _only(item, {"id", "typeId", "data"})
    assert item["typeId"] in TYPES
    assert isinstance(item["id"], str)
    assert item["id"]
    assert isinstance(item["data"], dict)
    assert all(isinstance(value, str | int) for value in item["data"].values())


def _check_time(text: str) -> None:
    assert datetime.fromisoformat(text).tzinfo is not None


def _only(value: dict[str, Any], needed: set[str], more: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    assert needed <= set(value) <= needed | more, sorted(value)


@asynccontextmanager
async def coop_there(*answers: int, port: int = 0) -> AsyncIterator[Coop]:
    coop = Coop(list(answers))
    server = await asyncio.start_server(coop.serve, "127.0.0.1", port)
    coop.port = server.sockets[0].getsockname()[1]
    try:
        yield coop
        assert not coop.faults
    finally:
        server.close()
        await server.wait_closed()
