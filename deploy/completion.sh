#!/bin/sh
# Called by `make install`: writes each shell's completion script into PREFIX/share, and into the folders of who installs it, for those
# shells that are here. Shells load these files by themselves; no startup file is changed. Usage: completion.sh SHARE [no]
set -eu
share=$1
own=${2:-yes}

put() { # SHELL FILE
  mkdir -p "$(dirname "$2")"
  spacesctl completion "$1" > "$2"
}

put bash "$share/bash-completion/completions/spacesctl"
put zsh "$share/zsh/site-functions/_spacesctl"
put fish "$share/fish/vendor_completions.d/spacesctl.fish"
[ "$own" != no ] || exit 0
data=${XDG_DATA_HOME:-$HOME/.local/share}
config=${XDG_CONFIG_HOME:-$HOME/.config}
if command -v bash >/dev/null; then put bash "$data/bash-completion/completions/spacesctl"; fi
if command -v fish >/dev/null; then put fish "$config/fish/completions/spacesctl.fish"; fi
if command -v zsh >/dev/null; then
  put zsh "$data/zsh/site-functions/_spacesctl"
  echo "zsh finds its completion when $data/zsh/site-functions is in its fpath"
fi
