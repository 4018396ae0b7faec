"""The texts of the types of the wire, as they stand in their source: for reference pages and schemas."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import Generic, get_origin

import msgspec

from spacesctl.api.wire import Wire


def field_texts(kind: type) -> dict[str, str]:
    """The text below each field of a class, as it stands in its source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    found: dict[str, str] = {}
    for field, text in pairwise(body.body if isinstance(body, ast.ClassDef) else []):
        match field, text:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(value=ast.Constant(value=str(said))):
                found[name] = inspect.cleandoc(said)
    return found


def all_field_texts(kind: type) -> dict[str, str]:
    """The same with the fields that it inherits. `kind` may be generic, such as `Page[Space]`."""
    found: dict[str, str] = {}
    for base in (get_origin(kind) or kind).__mro__:
        if (
            isinstance(base, type)
            and base not in (Wire, msgspec.Struct, object, Generic)
            and hasattr(base, "__annotations__")
        ):
            found = field_texts(base) | found
    return found
