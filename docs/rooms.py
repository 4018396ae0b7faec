"""The table of rooms (docs/rooms.toml) as import-linter contracts, and as the table in docs/architecture.md."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TABLE = Path(__file__).with_name("rooms.toml")
HEAD = "# Made by docs/generate.py from docs/rooms.toml; change that, not this.\n"
Room = dict[str, Any]


def load() -> dict[str, Room]:
    """The rooms by name, upper ones first."""
    return tomllib.loads(TABLE.read_text())


def contracts() -> str:
    """The text of `.importlinter`: the layers, and for each room what it must not import."""
    rooms = load()
    parts = [
        f"{HEAD}[importlinter]\nroot_packages =\n    spacesctl\n    bots\ninclude_external_packages = True\n",
        _layers(rooms),
    ]
    for name, room in rooms.items():
        parts += _forbidden(rooms, name, room)
    return "\n".join(parts)


def table() -> str:
    """Rows for docs/architecture.md."""
    rows = ["| room | what lives there | may import |", "| --- | --- | --- |"]
    for name, room in load().items():
        place = "bots/" if room.get("root") else f"spacesctl/{name}/"
        may = ", ".join(f"`{one}`" for one in room["may"]) or "nothing of ours"
        more = "".join(
            f"; `{one}` also {', '.join(f'`{x}`' for x in extra['may'])}" for one, extra in room.get("only", {}).items()
        )
        rows.append(f"| `{place}` | {room['holds']} | {may}{more} |")
    return "\n".join(rows) + "\n"


def _layers(rooms: dict[str, Room]) -> str:
    levels: dict[int, list[str]] = {}
    for name, room in rooms.items():
        if not room.get("root"):
            levels.setdefault(room["level"], []).append(name)
    lines = ["__main__", *(" | ".join(names) for _, names in sorted(levels.items()))]
    body = "\n".join(f"    {line}" for line in lines)
    return (
        "[importlinter:contract:layers]\nname = each room stands on the ones below it, and every room has its place\ntype = layers\n"
        f"containers =\n    spacesctl\nexhaustive = True\nlayers =\n{body}\n"
    )


def _forbidden(rooms: dict[str, Room], name: str, room: Room) -> list[str]:
    """A contract for the room, and one for each of its modules that may import more."""
    only: dict[str, Room] = room.get("only", {})
    place = "bots" if room.get("root") else f"spacesctl.{name}"
    rest = [place] if not only else [f"{place}.{one}" for one in _children(place) if one not in only]
    made = [_contract(rooms, name, name, rest, room["may"], room["third_party"], bool(room.get("pure")))]
    for module, extra in only.items():
        may, packages = room["may"] + extra["may"], room["third_party"] + extra["third_party"]
        made.append(_contract(rooms, name, f"{name}.{module}", [f"{place}.{module}"], may, packages, False))
    return made


def _contract(
    rooms: dict[str, Room], room: str, title: str, sources: list[str], may: list[str], packages: list[str], pure: bool
) -> str:
    forbidden = [module for other in rooms if other != room for module in _not_allowed(rooms, other, may)]
    known = {package for one in rooms.values() for package in one["third_party"]}
    known |= {
        package for one in rooms.values() for extra in one.get("only", {}).values() for package in extra["third_party"]
    }
    forbidden += sorted(known - set(packages)) + (["asyncio"] if pure else [])
    return (
        f"[importlinter:contract:{title}]\nname = {title} imports what its row allows\ntype = forbidden\n"
        f"allow_indirect_imports = True\nsource_modules =\n{_listed(sources)}\nforbidden_modules =\n{_listed(forbidden)}\n"
    )


def _not_allowed(rooms: dict[str, Room], other: str, may: list[str]) -> list[str]:
    """The modules of a room that are not among `may`, as few as cover them."""
    root = "" if rooms[other].get("root") else "spacesctl."
    return _outside(f"{root}{other}", [f"{root}{one}" for one in may if one == other or one.startswith(f"{other}.")])


def _outside(module: str, allowed: list[str]) -> list[str]:
    if module in allowed:
        return []
    if not any(one.startswith(f"{module}.") for one in allowed):
        return [module]
    return [found for child in _children(module) for found in _outside(f"{module}.{child}", allowed)]


def _children(package: str) -> list[str]:
    folder = ROOT / package.replace(".", "/")
    modules = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    return sorted(modules + [path.parent.name for path in folder.glob("*/__init__.py")])


def _listed(modules: list[str]) -> str:
    return "\n".join(f"    {module}" for module in modules)
