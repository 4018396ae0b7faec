"""The table of methods in docs/client.md, from the groups of the client."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

from spacesctl.client import groups
from spacesctl.client.call import Following, Listing, Operation, Rows

GROUPS = {"operation": "server"}
"""The attribute of the client, where it is not the module's name."""


def table() -> str:
    """A section for each group, with its methods: arguments, answer and what it does."""
    parts = []
    for module in sorted(pkgutil.iter_modules(groups.__path__), key=lambda one: one.name):
        found = importlib.import_module(f"{groups.__name__}.{module.name}")
        about = inspect.cleandoc(found.__doc__ or "")
        parts.append(f"### `client.{GROUPS.get(module.name, module.name)}`\n\n{about}\n")
        parts.append("| method | gives | |\n| --- | --- | --- |")
        parts += [_row(name, one) for name, one in vars(found._Calls).items() if isinstance(one, _KINDS)]
        parts.append("")
    return "\n".join(parts) + "\n"


_KINDS = (Operation, Listing, Rows, Following)


def _row(name: str, one: Operation[..., object] | Listing[..., object] | Rows[..., object] | Following[...]) -> str:
    signature = inspect.signature(one._make)
    inner = _short(str(signature.return_annotation).removeprefix("Call[").removesuffix("]"))
    row = inner.removeprefix("Page[").removesuffix("]")
    gives = inner if isinstance(one, Operation) else f"list[{row}]" if isinstance(one, Rows) else f"each {row}"
    return f"| `{name}({_arguments(signature)})` | {gives} | {inspect.cleandoc(one.__doc__ or '')} |"


def _arguments(signature: inspect.Signature) -> str:
    words = [_argument(one) for one in signature.parameters.values()]
    named = [number for number, one in enumerate(signature.parameters.values()) if one.kind is one.KEYWORD_ONLY]
    return ", ".join([*words[: named[0]], "*", *words[named[0] :]] if named else words)


def _argument(one: inspect.Parameter) -> str:
    if one.default is one.empty:
        return f"{one.name}: {_short(str(one.annotation))}"
    default = repr(one.default) if isinstance(one.default, str | bool | int | None) else "..."
    return f"{one.name}: {_short(str(one.annotation))} = {default}"


def _short(annotation: str) -> str:
    """Without modules, and as a table's cell may have it."""
    return re.sub(r"\b\w+\.(?=[A-Z])", "", annotation).replace("|", "\\|")
