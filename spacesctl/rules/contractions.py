"""English contractions: a phrase is also found in its long and in its short form (`you're a fraud`, `you are a fraud`)."""

from __future__ import annotations

from typing import Final

_LONG: Final = {
    **{f"{who}'re": f"{who} are" for who in ("you", "we", "they", "who", "there")},
    **{f"{who}'m": f"{who} am" for who in ("i",)},
    **{f"{who}'s": f"{who} is" for who in ("he", "she", "it", "that", "there", "what", "who", "where", "how", "here")},
    **{f"{who}'ll": f"{who} will" for who in ("i", "you", "he", "she", "it", "we", "they", "that", "there", "who")},
    **{f"{who}'ve": f"{who} have" for who in ("i", "you", "we", "they", "who", "would", "could", "should", "might", "must")},
    **{f"{who}'d": f"{who} would" for who in ("i", "you", "he", "she", "it", "we", "they", "who", "there")},
    **{
        f"{verb}n't": f"{verb} not"
        for verb in (
            "are", "could", "did", "does", "do", "had", "has", "have", "is", "might", "must", "need", "should", "was", "were", "would",
        )
    },
    "can't": "can not", "cannot": "can not", "won't": "will not", "let's": "let us", "gonna": "going to", "wanna": "want to",
    "gotta": "got to",
}  # fmt: skip
_SHORT: Final = {long: short for short, long in _LONG.items() if short not in ("cannot", "gonna", "wanna", "gotta")}


def forms(way: str) -> tuple[str, ...]:
    """A way to say a phrase, with everything in full, and with everything shortened that can be. Normalised words in single spaces."""
    words = way.split()
    if len(words) == 1 and way not in _LONG:  # most phrases of long lists
        return (way,)
    full = " ".join(_LONG.get(word, word) for word in words)
    return tuple(dict.fromkeys((way, full, _shortened(full.split()))))


def _shortened(words: list[str]) -> str:
    short, at = list[str](), 0
    while at < len(words):
        pair = " ".join(words[at : at + 2])
        found = _SHORT.get(pair)
        short.append(words[at] if found is None else found)
        at += 1 if found is None else 2
    return " ".join(short)
