"""What each shell needs to complete: the script that it evaluates once, and the form of the candidates that it reads and never evaluates.

Typer's own zsh script evaluates the answer, in which descriptions are badly escaped, and Typer renders Rich markup in descriptions.
Here zsh and bash read lines. Descriptions are what others wrote: cleaned, in one line, whole.
"""

from __future__ import annotations

from typing import Final

from typer._click.shell_completion import CompletionItem, add_completion_class
from typer._completion_classes import BashComplete, FishComplete, ZshComplete
from typer._completion_shared import COMPLETION_SCRIPT_FISH

from spacesctl.support.text import one_line

VARIABLE: Final = "_SPACESCTL_COMPLETE"
MOST: Final = 200
"""Characters of a description."""

# By default Bash splits words at @ and would complete only what follows it. `read`, since a `$(...)` would be globbed.
_BASH: Final = """\
_spacesctl_completion() {
    local IFS=$'\\n' line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" %(variable)s=complete_bash "$1")
}
complete -o default -F _spacesctl_completion spacesctl
COMP_WORDBREAKS="${COMP_WORDBREAKS//@}"
"""

# `_describe` takes lines of the form VALUE:DESCRIPTION, and a backslash before what is meant as it is.
_ZSH: Final = """\
#compdef spacesctl
_spacesctl_completion() {
    local -a found
    found=("${(@f)$(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" %(variable)s=complete_zsh spacesctl)}")
    found=("${(@)found:#}")
    if (( $#found )); then
        _describe -V spacesctl found
    else
        _files
    fi
}
compdef _spacesctl_completion spacesctl
"""


class _Bash(BashComplete):
    """A line for each value; Bash shows no descriptions."""


class _Zsh(ZshComplete):
    """A line `VALUE:DESCRIPTION` for each."""

    def format_completion(self, item: CompletionItem) -> str:
        parts = [str(item.value), *([described(item.help)] if item.help else [])]
        return ":".join(part.replace("\\", "\\\\").replace(":", "\\:") for part in parts)

    def complete(self) -> str:
        return "\n".join(self.format_completion(item) for item in self.get_completions(*self.get_completion_args()))


class _Fish(FishComplete):
    """A line `VALUE<tab>DESCRIPTION` for each."""

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.value}\t{described(item.help)}" if item.help else str(item.value)


def script(shell: str) -> str:
    """The completion script of `bash`, `zsh` or `fish`."""
    if shell == "fish":
        return COMPLETION_SCRIPT_FISH % {"prog_name": "spacesctl", "autocomplete_var": VARIABLE}
    return {"bash": _BASH, "zsh": _ZSH}[shell] % {"variable": VARIABLE}


def register() -> None:
    """Let these answer the shells. Others, such as PowerShell, get no answer."""
    for name, kind in (("bash", _Bash), ("zsh", _Zsh), ("fish", _Fish)):
        add_completion_class(kind, name)


def described(text: str) -> str:
    """A description in one line, without what could control a terminal."""
    line = one_line(" ".join(text.split()))
    return line if len(line) <= MOST else f"{line[: MOST - 1]}…"
