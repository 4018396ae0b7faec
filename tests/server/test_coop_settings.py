"""The settings of Coop, and the signature of its callbacks."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain.errors import Invalid
from spacesctl.server.delivery.coop_signature import Verifier
from spacesctl.server.process.setting_origins import origins
from spacesctl.server.process.settings import load
from tests.api.coop_receiver import KEY, private_key, public_pem, sign

GOOD = {
    "url": "https://coop.example.org", "api_key": KEY, "public_key": public_pem(), "report_type": "r", "space_type": "s",
    "user_type": "u", "uphold": "a1", "dismiss": "a2",
}  # fmt: skip


def written(folder: Path, values: dict[str, str], more: str = "") -> Path:
    path = folder / "config.toml"
    lines = [f'{name} = """{value}"""' for name, value in values.items()]
    path.write_text("\n".join(["[coop]", *lines, more]))
    return path


def test_a_whole_table_is_taken_and_its_key_is_not_shown(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD, 'policies = { spam = "p1" }')
    coop = load(path).coop
    assert (coop.key, coop.policy("spam"), coop.policy("abuse"), coop.policy("of old")) == (KEY, "p1", None, None)
    assert KEY not in repr(coop) + repr(origins(path))


def test_without_a_table_there_is_no_coop(tmp_path: Path) -> None:
    assert load(written(tmp_path, {})).coop.url == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"api_key": ""}, "`api_key`"),
        ({"dismiss": ""}, "`dismiss`"),
        ({"dismiss": "a1"}, "two actions"),
        ({"public_key": "-----BEGIN PUBLIC KEY-----"}, "no public key"),
        ({"url": "http://coop.example.org"}, "allow_private"),
        ({"url": "https://10.1.2.3"}, "allow_private"),
        ({"api_key": "a\\nb"}, "is no key"),
    ],
)
def test_half_a_table_is_refused_in_words_without_the_key(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    with pytest.raises(Invalid, match=said) as refused:
        load(written(tmp_path, {**GOOD, **changed}))
    assert KEY not in str(refused.value)


def test_a_category_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        load(written(tmp_path, GOOD, 'policies = { spem = "p1" }'))


def test_a_signature_holds_for_its_body_and_key_alone() -> None:
    verifier, body = Verifier(public_pem()), b'{"item": {}}'
    assert verifier.holds(sign(body), body)
    assert not verifier.holds(sign(body), body + b" ")
    assert not verifier.holds(sign(body, rsa.generate_private_key(public_exponent=65537, key_size=2048)), body)


def test_other_paddings_and_hashes_do_not_hold() -> None:
    verifier, body, key = Verifier(public_pem()), b"{}", private_key()
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
    for signed in (key.sign(body, padding.PKCS1v15(), hashes.SHA512()), key.sign(body, pss, hashes.SHA256())):
        assert not verifier.holds(base64.b64encode(signed).decode(), body)


@given(st.text(max_size=400))
def test_no_text_holds_or_raises(text: str) -> None:
    assert not Verifier(public_pem()).holds(text, b"{}")


def test_a_short_key_and_one_of_another_kind_are_refused() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    for pem in (
        curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        public_pem(short),
    ):
        with pytest.raises(ValueError, match="no RSA key"):
            Verifier(pem)
