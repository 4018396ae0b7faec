"""Compiled sealing: it makes what `cryptography` makes, and is not used where it does not, or is not there."""

from __future__ import annotations

import ctypes
import importlib.util
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rtc import sealing
from spacesctl.rtc.sealing import NONCE, TAG, TOGETHER, Contexts, SealingError

SOURCE = Path(sealing.__file__).with_name("_seal.c")
HEAD = 12
compiled = pytest.mark.skipif(not sealing.COMPILED, reason="there was no C compiler when spacesctl was installed")


def rows(parts: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), -1)


def keyed(keys: Sequence[bytes], size: int = 0) -> Contexts:
    contexts = Contexts(max(size, len(keys)))
    for row, key in enumerate(keys):
        contexts.key(row, key)
    return contexts


def sealed(contexts: Contexts, nonces: Sequence[bytes], heads: Sequence[bytes], payload: bytes) -> list[bytes]:
    made = np.zeros((len(nonces), HEAD + len(payload) + TAG), np.uint8)
    contexts.seal(rows(nonces), rows(heads), payload, made)
    return [one.tobytes() for one in made]


@compiled
@given(count=st.integers(1, 2 * TOGETHER), payload=st.binary(max_size=1275), ticks=st.integers(1, 3))
def test_every_packet_is_what_cryptography_makes_of_the_same(count: int, payload: bytes, ticks: int) -> None:
    keys = [secrets.token_bytes(16) for _ in range(count)]
    contexts, others = keyed(keys, count + 1), [AESGCM(key) for key in keys]
    for tick in range(ticks):
        nonces, heads = ([secrets.token_bytes(NONCE) for _ in range(count)] for _ in range(2))
        expected = [
            head + other.encrypt(nonce, payload, head) for other, nonce, head in zip(others, nonces, heads, strict=True)
        ]
        assert sealed(contexts, nonces, heads, payload) == expected
        row = tick % count  # somebody else takes this one
        key = secrets.token_bytes(16)
        contexts.key(row, key)
        others[row] = AESGCM(key)


@compiled
def test_a_packet_that_openssl_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    contexts = keyed([bytes(16)])
    monkeypatch.setattr(sealing._library, "spacesctl_seal", lambda *_given: 0)
    with pytest.raises(SealingError, match="0 of 1"):
        sealed(contexts, [bytes(12)], [bytes(12)], b"opus")


@compiled
@pytest.mark.parametrize("refused", ["spacesctl_make", "spacesctl_key"])
def test_a_cipher_that_openssl_does_not_give_is_told(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    contexts = Contexts(1)
    monkeypatch.setattr(sealing._library, refused, lambda *_given: 0)
    with pytest.raises(SealingError, match="no cipher"):
        contexts.key(0, bytes(16))


@compiled
@pytest.mark.parametrize(
    ("nonces", "packets"), [((2, 12), (1, 33)), ((1, 12), (1, 32)), ((3, 12), (3, 33))], ids=["rows", "room", "no key"]
)
def test_what_does_not_fit_is_not_sealed(nonces: tuple[int, int], packets: tuple[int, int]) -> None:
    contexts = Contexts(3)
    contexts.key(0, bytes(16))
    contexts._made = 1
    with pytest.raises(AssertionError):
        contexts.seal(
            np.zeros(nonces, np.uint8), np.zeros((packets[0], 12), np.uint8), b"hello", np.zeros(packets, np.uint8)
        )


@compiled
def test_what_has_gaps_is_not_sealed() -> None:
    heads = np.zeros((12, 2), np.uint8).T[:1]
    with pytest.raises(AssertionError, match="not contiguous"):
        keyed([bytes(16)]).seal(np.zeros((1, 12), np.uint8), heads, b"opus", np.zeros((1, 32), np.uint8))


@compiled
@pytest.mark.parametrize("size", [1, TOGETHER, TOGETHER + 1])
def test_ciphers_are_made_when_they_are_needed_and_given_back_with_their_object(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    freed: list[int] = []
    free = sealing._library.spacesctl_free

    def telling(count: int, at: Any) -> None:
        freed.append(count)
        free(count, at)

    monkeypatch.setattr(sealing._library, "spacesctl_free", telling)
    for keys, made in ((0, 0), (1, min(size, TOGETHER)), (size, size)):
        contexts = keyed([bytes(16)] * keys, size)
        addresses = contexts._addresses[:made].tolist()
        assert len(set(addresses)) == made
        assert sum(sorted(addresses[at : at + TOGETHER]) != addresses[at : at + TOGETHER] for at in (0, TOGETHER)) == 0
        del contexts
        assert freed.pop() == made


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_the_source_compiles_without_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "seal.so"
    words = ["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([*words, "-o", str(library), str(SOURCE), "-l:libcrypto.so.3"], check=True)
    monkeypatch.setattr(sealing, "_library", sealing.declared(str(library)))
    assert sealing._agrees()


@pytest.mark.parametrize("content", [b"", b"not a library", None], ids=["empty", "other", "missing"])
def test_a_library_that_cannot_be_loaded_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    place = tmp_path / "_seal.so"
    if content is not None:
        place.write_bytes(content)
    found = type("Spec", (), {"origin": str(place)}) if content is not None else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: found)
    assert sealing._load() is None


def test_a_library_of_another_kind_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    python = ctypes.PyDLL(None)
    monkeypatch.setattr(ctypes, "CDLL", lambda _path: python)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: type("Spec", (), {"origin": "libc.so"}))
    assert sealing._load() is None


def test_a_library_that_makes_other_packets_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong:
        spacesctl_make = staticmethod(lambda count, _contexts: count)
        spacesctl_key = staticmethod(lambda _context, _key: 1)
        spacesctl_free = staticmethod(lambda _count, _contexts: None)
        spacesctl_seal = staticmethod(lambda count, *_given: count)

    monkeypatch.setattr(sealing, "_library", Wrong)
    assert not sealing._agrees()
    monkeypatch.setattr(Wrong, "spacesctl_make", lambda _count, _contexts: 0)
    assert not sealing._agrees()
