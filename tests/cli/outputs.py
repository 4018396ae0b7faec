"""Whether what a command printed with `--json` is what its documentation says."""

from __future__ import annotations

import json
from collections.abc import Sequence

from spacesctl.api.events import Event, read_event
from spacesctl.api.wire import load, plain
from spacesctl.cli.answers import PassingEvent
from spacesctl.cli.commands import ROOT
from spacesctl.cli.json_output import Output, Shape, outputs
from spacesctl.cli.lazy import Noun


def require_documented(words: Sequence[str], text: str) -> None:
    """Fails when a command printed a field that its type does not have, lacks one, or printed another shape."""
    if not text:
        return
    output = _output(words)
    if output.shape is Shape.LINES:
        values = [json.loads(line) for line in text.splitlines()]
    else:
        found = json.loads(text)
        assert isinstance(found, list) is (output.shape is Shape.ARRAY), f"{words[0]} prints {output.shape}"
        values = found if isinstance(found, list) else [found]
    if output.first is not None:
        first = values.pop(0)
        assert _again(first, output.first) == first, f"{' '.join(words)}: not what {output.first.__name__} is"
    for value in values:
        assert _again(value, output.kind) == value, f"{' '.join(words)}: not what {output.kind.__name__} is"


def _output(words: Sequence[str]) -> Output:
    found = outputs(command(words))
    return next((one for key, one in found.items() if f"--{key.partition(' --')[2]}" in words), found[command(words)])


def command(words: Sequence[str]) -> str:
    """The words of the command alone: `schedule show` of `--url U schedule show ID --json`."""
    path, noun = list[str](), ROOT
    for word in words:
        below = noun.commands.get(word)
        if below is None:
            continue
        path.append(word)
        if not isinstance(below, Noun):
            return " ".join(path)
        noun = below
    return " ".join([*path, noun.default or ""])


def _again(value: object, kind: type) -> object:
    """The value after it was read as its type and written."""
    text = json.dumps(value)
    if kind is not Event:
        return plain(load(text, kind))
    event = read_event(text)
    return plain(event if event.seq is not None else PassingEvent(type=event.type, data=event.data))
