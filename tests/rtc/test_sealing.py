"""Compiled sealing: it makes what `cryptography` makes, and is not used where it does not, or is not there."""

from __future__ import annotations

import ctypes
import secrets
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rtc import sealing
from spacesctl.rtc.sealing import NONCE, TAG, Context, SealingError, seal
from spacesctl.rtc.srtp import AES_128_GCM, Keys, Srtp

SOURCE = Path(sealing.__file__).with_name("_seal.c")
HEAD = 12
compiled = pytest.mark.skipif(not sealing.COMPILED, reason="there was no C compiler when spacesctl was installed")


def rows(parts):
    return np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), -1)


def sealed(contexts, nonces, heads, payload):
    made = np.zeros((len(contexts), HEAD + len(payload) + TAG), np.uint8)
    seal(np.array([one.address for one in contexts], np.uint64), rows(nonces), rows(heads), payload, made)
    return [one.tobytes() for one in made]


@compiled
@given(count=st.integers(1, 40), payload=st.binary(max_size=1275), ticks=st.integers(1, 3))
def test_every_packet_is_what_cryptography_makes_of_the_same(count, payload, ticks):
    keys = [secrets.token_bytes(16) for _ in range(count)]
    contexts, others = [Context(key) for key in keys], [AESGCM(key) for key in keys]
    for _ in range(ticks):
        nonces, heads = ([secrets.token_bytes(NONCE) for _ in range(count)] for _ in range(2))
        expected = [
            head + other.encrypt(nonce, payload, head) for other, nonce, head in zip(others, nonces, heads, strict=True)
        ]
        assert sealed(contexts, nonces, heads, payload) == expected


@compiled
def test_a_packet_that_openssl_refuses_is_told(monkeypatch):
    class Refusing:
        spacesctl_seal = staticmethod(lambda *_given: 0)
        spacesctl_free = staticmethod(lambda _context: None)

    contexts = [Context(bytes(16))]
    monkeypatch.setattr(sealing, "_library", Refusing)
    with pytest.raises(SealingError, match="0 of 1"):
        sealed(contexts, [bytes(12)], [bytes(12)], b"opus")


@compiled
@pytest.mark.parametrize(
    ("nonces", "room"), [(np.zeros((2, 12), np.uint8), 33), (np.zeros((1, 12), np.uint8), 32)], ids=["rows", "room"]
)
def test_what_does_not_fit_is_not_sealed(nonces, room):
    address = np.array([Context(bytes(16)).address], np.uint64)
    with pytest.raises(AssertionError):
        seal(address, nonces, np.zeros((1, 12), np.uint8), b"payload", np.zeros((1, room), np.uint8))


@compiled
def test_what_has_gaps_is_not_sealed():
    context = Context(bytes(16))
    address = np.array([context.address], np.uint64)
    heads = np.zeros((12, 2), np.uint8).T[:1]
    with pytest.raises(AssertionError, match="gaps"):
        seal(address, np.zeros((1, 12), np.uint8), heads, b"opus", np.zeros((1, 32), np.uint8))


@compiled
def test_a_key_is_given_back_with_its_object(monkeypatch):
    freed = []
    context = Context(bytes(16))
    address, free = context.address, sealing._library.spacesctl_free
    monkeypatch.setattr(sealing._library, "spacesctl_free", lambda one: (freed.append(one), free(one)))
    del context
    assert freed == [address]


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_the_source_compiles_without_a_warning(tmp_path, monkeypatch):
    library = tmp_path / "seal.so"
    words = ["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([*words, "-o", str(library), str(SOURCE), "-l:libcrypto.so.3"], check=True)
    monkeypatch.setattr(sealing, "_library", sealing.declared(str(library)))
    assert sealing._agrees()


@pytest.mark.parametrize("content", [b"", b"not a library", None], ids=["empty", "other", "missing"])
def test_a_library_that_cannot_be_loaded_is_not_used(monkeypatch, tmp_path, content):
    place = tmp_path / "_seal.so"
    if content is not None:
        place.write_bytes(content)
    found = type("Spec", (), {"origin": str(place)}) if content is not None else None
    monkeypatch.setattr(sealing.importlib.util, "find_spec", lambda _name: found)
    assert sealing._load() is None


def test_a_library_of_another_kind_is_not_used(monkeypatch):
    python = ctypes.PyDLL(None)
    monkeypatch.setattr(sealing.ctypes, "CDLL", lambda _path: python)
    monkeypatch.setattr(sealing.importlib.util, "find_spec", lambda _name: type("Spec", (), {"origin": "libc.so"}))
    assert sealing._load() is None


def test_a_library_that_makes_other_packets_is_not_used(monkeypatch):
    class Wrong:
        spacesctl_context = staticmethod(lambda _key: 1)
        spacesctl_free = staticmethod(lambda _context: None)
        spacesctl_seal = staticmethod(lambda count, *_given: count)

    monkeypatch.setattr(sealing, "_library", Wrong)
    assert not sealing._agrees()
    monkeypatch.setattr(Wrong, "spacesctl_context", lambda _key: None)
    assert not sealing._agrees()


@pytest.mark.parametrize("is_compiled", [pytest.param(True, marks=compiled), False])
def test_a_listener_has_one_of_both(monkeypatch, is_compiled):
    monkeypatch.setattr(sealing, "COMPILED", is_compiled)
    outgoing = Srtp(Keys(AES_128_GCM, bytes(28), bytes(28))).outgoing(7, 0)
    assert (outgoing.context is not None, outgoing.encrypt is not None) == (is_compiled, not is_compiled)
