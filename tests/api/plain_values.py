"""Values that were made to break the reading of them: what stands in JSON, in a query, in a path, in a header."""

from __future__ import annotations

import json
from typing import Final

DEEP: Final = 10_000
LONG: Final = 5_000
DIGITS: Final = "9" * LONG
WORDS: Final = (
    "", " ", "\0", "a\0b", "²", "１", "٣", "\ufeffx", "x" * LONG, "null", "../../etc/passwd", "%00", "'\";--", "@", "@host", "\u202e",
    "\N{MAN}\u200d\N{WOMAN}", "e\u0301", "e" + "\u0301" * 50, DIGITS, "-1", "1e30", "right/UTC", "posixrules", "localtime", "0 0 31 2 *",
    "0 0 29 2 1#5", "* * * * *", "0 0 L * *", "60 * * * *", "99999999999 * * * *", "1-9999999999 * * * *", "*/0 * * * *", "² * * * *",
    "http://[", "http://\ud83d\ude00.test:99999/", "https://" + "a" * LONG, "//", "json://", "x" * 64 + "://", "spx_" + "x" * 43,
)  # fmt: skip
TIMES: Final = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00-23:59", "9999-12-31T23:59:59.999999999Z",
    "9999-12-31T23:59:59-23:59", "9999-12-31T23:00:00+23:59", "2016-12-31T23:59:60Z", "2027-01-01T24:00:00Z", "2027-02-30T00:00:00Z",
    "2027-01-01T00:00:00+24:00", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "２０２７-01-01T00:00:00Z", "2027-01-01",
    "2027-01-01T00:00:00",
    "1969-12-31T23:59:59Z", "0999-06-01T00:00:00Z", "2027-01-01T00:00:00-00:00", "2027-01-01 00:00Z", "2027-01-01T00:00:00.²Z",
)  # fmt: skip
WHOLE: Final = (0, -1, 1, 2**31 - 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1)
NUMBERS: Final = (
    *map(str, WHOLE),
    DIGITS,
    f"-{DIGITS}",
    "1e30",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "-0",
    "-0.0",
    "0.5",
    "1.0",
    "1E0",
    "5e-324",
)
NESTED: Final = "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP
JSON_VALUES: Final = (
    *map(json.dumps, WORDS), *map(json.dumps, TIMES), *NUMBERS, *NESTED,
    r'"\ud800"', r'"\udc00\ud800"', r'"a\u0000"', "null", "true", "false", "[]", "{}", "[[]]", '{"a":1}', "[null]", '["@host"]',
    "[" + ",".join(["1"] * 5_000) + "]", '["' + '","'.join(["@ann"] * 101) + '"]', '"unended', "'x'", "undefined", "01", "+1", "0x10", "",
)  # fmt: skip
"""As they stand in a body, some of them no JSON."""
IN_ADDRESSES: Final = (
    *NUMBERS, "", "%00", "%2F", "%ff", "%ED%A0%80", "..", "%2e%2e", "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd", "%C2%B2", "%EF%BC%91", "%D9%A3",
    "%", "%zz", "%u0041", "x" * LONG, "a%00b", "%EF%BB%BF", "%F0%9F%98%80", "%20", "+", "@", "@host", "%40%00", "a,b", ",", ",,,", "true",
    "NULL", "%E2%80%AE", ";", "~", "%0d%0aX:1", "0" * 19, "1" * 19, "9" * 19, "9" * 18, "1" * 16, "%D9%A3" * 16, "%C2%B2" * 16,
    "0" * 8, "v" * 8, "g" * 8, "A" * 13,
    *(time.replace("+", "%2B").replace(" ", "%20").replace("²", "%C2%B2") for time in TIMES if "２" not in time),
)  # fmt: skip
"""As they stand in a path or in a query."""
IN_HEADERS: Final = tuple(
    value.encode("latin-1") for value in (
        *NUMBERS, "", "²", "\xff", "\xc3", "true", "TRUE", "false", "*", '"x"', 'W/"x"', '"', '"' * 200, ",", "x" * 128,
        "x" * 129, "x" * LONG,
        "bytes=0-", "bytes=-1", "bytes=-0", "bytes=5-2", "bytes=0-0,1-1,2-2", f"bytes={DIGITS}-", f"bytes=0-{DIGITS}", f"bytes=-{DIGITS}",
        "bytes=²-", "items=0-1", "bytes", "bytes=", "bytes=,", "bytes=0-0" + ",0-0" * 500, "Bearer", "Bearer ", "Bearer \xff",
        "Bearer a b",
        f"Bearer {'x' * LONG}", "Basic eA==", "bearer spx_x", "application/json; charset=utf-16", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=", "application/json;", "text/plain", "\x01", "a\tb",
    )
)  # fmt: skip
HEADERS: Final = (
    "last-event-id", "idempotency-key", "dry-run", "if-none-match", "if-match", "range", "if-range", "authorization", "content-type",
    "accept", "origin", "host", "content-length", "accept-encoding", "if-modified-since", "x-forwarded-for",
)  # fmt: skip


def whole_bodies(valid: bytes) -> list[bytes]:
    """A right body as it must not come, and such as are no object."""
    text = valid.decode("latin-1")
    doubled = b"{" + valid[1:-1] + b"," + valid[1:-1] + b"}" if len(valid) > 2 else b'{"a":1,"a":2}'
    return [
        b"", b" ", b"\xef\xbb\xbf" + valid, b"\xef\xbb\xbf", text.encode("utf-16"), text.encode("utf-16-le"),
        text.encode("utf-32"), b"\xff" + valid,
        valid + b"\xff", valid + b"\0", b"\0" + valid, valid + b"x", valid[:-1], doubled, b"null", b"[]", b'"x"', b"1", b"true", b"NaN",
        DIGITS.encode(), *(one.encode() for one in NESTED), b"{", b"{}", b'{"":1}', b'{"\\ud800":1}', b'{"\\u0000":1}',
        b'{"a":' + NESTED[0].encode() + b"}",
        b"/* x */" + valid, b"a=1&b=2", b"<a/>", b"\x80" * 1000, b"[" * 100_000, b'{"x":"' + b"y" * 70_000 + b'"}',
    ]  # fmt: skip
