"""The inflections of English words that `forms = true` adds to a phrase: `scam`, `scams`, `scamming`, `scammed`, `scammer`.

Regular forms are spelled by rule, for verb and noun alike, since a rule file does not say which a word is; irregular ones stand in a table.
A spelling that is no word is never heard and does no harm. What a word is *derived* into is another word: `rapist` is no form of `rape`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, islice, pairwise, product
from typing import Final

MAX_FORMS: Final = 64
"""Spellings that are added to one phrase: those in which one word is another come first, then those with two."""
LEAST: Final = 3
"""Letters of a word that is inflected by rule."""
MOST_CHANGED: Final = 2
"""Words of a phrase that are inflected at once."""

_VERBS: Final = """
be is are am was were been being; beat beats beating beaten beater beaters; become becomes becoming became; begin begins beginning began
begun; bend bent; bet bets betting; bite bitten bit biting; bleed bled; blow blew blown; break broke broken; breed bred; bring brought;
build built; burn burnt burned; buy bought; catch caught; choose chose chosen choosing; come came coming; cut cuts cutting cutter
cutters; deal dealt; die dies died dying; dig dug digging; do does did done doing doer doers; draw drew drawn; drink drank drunk; drive
drove driven driving; eat ate eaten; fall fell fallen; feed fed; feel felt; fight fought; find found; fly flies flew flown flying;
forget forgot forgotten forgetting; forgive forgave forgiven; freeze froze frozen; get gets got gotten getting; give gave given giving;
go goes went gone going; grab grabbed; grow grew grown; hang hung hanged; have has had having; hear heard; hide hid hidden hiding; hit
hits hitting hitter hitters; hold held; hurt hurts hurting; keep kept; know knew known; lead led; leave left; lend lent; let lets
letting; lie lies lied lying liar liars; lose lost; make made making; mean meant; meet met; pay paid; put puts putting; quit quits
quitting quitter quitters; read reads reading; ride rode ridden; ring rang rung; rise rose risen; run ran running; say said; see saw
seen; seek sought; sell sold; send sent; set sets setting; shake shook shaken; shoot shot; show shown showed; shut shuts shutting; sing
sang sung; sit sat sitting; sleep slept; speak spoke spoken; spend spent; spit spat spitting; split splits splitting; spread spreads
spreading; stand stood; steal stole stolen; stick stuck; sting stung; strike struck; suck sucked; swear swore sworn; sweep swept; swim
swam swum; take took taken; teach taught; tear tore torn; tell told; think thought; throw threw thrown; understand understood; wake woke
woken; wear wore worn; win won winning; write wrote written
"""
"""A verb and those of its forms that no rule gives. It has no form in `-ed` but for what stands here."""
_NOUNS: Final = {
    "man": "men", "woman": "women", "child": "children", "foot": "feet", "tooth": "teeth", "goose": "geese", "mouse": "mice",
    "louse": "lice", "person": "people", "wife": "wives", "knife": "knives", "life": "lives",
    "thief": "thieves", "wolf": "wolves", "half": "halves",
    "leaf": "leaves", "calf": "calves", "shelf": "shelves", "loaf": "loaves", "self": "selves", "yourself": "yourselves",
}  # fmt: skip
_IRREGULAR: Final = {first: tuple(rest) for first, *rest in (line.split() for line in _VERBS.split(";"))}
_PAST: Final = frozenset(form for forms in _IRREGULAR.values() for form in forms) | frozenset(_NOUNS.values())
_FIXED_WORDS: Final = """
a about after all am an and any are as at away because been before but by can could did down each else ever every for from had has he
her here hers herself him himself his how i if in into is it its itself just me more most my myself never no nor not now of off on only
onto or our ours out over own shall she should so some such than that the their theirs them themselves then there these they this those
through to too under until up us very was we were what when where which while who whom whose why will with would yes yet you your yours
"""
_FIXED: Final = frozenset(_FIXED_WORDS.split())
"""Words that have no forms, or whose forms are other words."""
_VOWELS: Final = frozenset("aeiou")


@lru_cache(maxsize=4096)
def of_word(word: str) -> tuple[str, ...]:
    """The other forms of a normalised word; none of one that is inflected already, is no English word, or has no forms."""
    if not is_english(word) or word in _FIXED or word in _PAST or "'" in word:
        return ()
    found = dict.fromkeys((*_irregular(word), *_regular(word)))
    found.pop(word, None)
    return tuple(found)


def of_reading(reading: str) -> tuple[str, ...]:
    """The other spellings of a phrase, at most `MAX_FORMS`: with one word inflected, then with two. Normalised words in single spaces."""
    words = reading.split()
    return tuple(dict.fromkeys(islice(_changed(words, [of_word(word) for word in words]), MAX_FORMS)))


def is_english(text: str) -> bool:
    """Whether a normalised text has only letters that English has, and spaces."""
    return all("a" <= each <= "z" or each in " '" for each in text)


def _changed(words: list[str], forms: list[tuple[str, ...]]) -> Iterator[str]:
    places = [at for at, found in enumerate(forms) if found]
    for count in range(1, MOST_CHANGED + 1):
        for chosen in combinations(places, count):
            for new in product(*(forms[at] for at in chosen)):
                changed = dict(zip(chosen, new, strict=True))
                yield " ".join(changed.get(at, word) for at, word in enumerate(words))


def _irregular(word: str) -> Iterator[str]:
    yield from _IRREGULAR.get(word, ())
    if word in _NOUNS:
        yield _NOUNS[word]
    elif _ends_in_man(word):
        yield f"{word[:-3]}men"


def _regular(word: str) -> Iterator[str]:
    """As a noun, and as a verb if it is not one of the irregular nouns: `manners` are no form of `man`."""
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is", "as"))
    past = word.endswith("ed") and not word.endswith("eed") and len(word) > LEAST + 1
    if len(word) < LEAST or plural or past:
        return
    irregular = " ".join(_IRREGULAR.get(word, ()))
    if not _ends_in_man(word) and not irregular.startswith(_with_s(word)[0]):
        yield from _with_s(word)
    if not irregular:
        yield f"{word}'s"
    if word not in _NOUNS and not _ends_in_man(word) and not (word.endswith("ing") and len(word) > LEAST + 2):
        yield from _of_verb(word, irregular)


def _of_verb(word: str, irregular: str) -> Iterator[str]:
    stems = _stems(word)
    if "ing" not in irregular:
        yield from (f"{word[:-2]}ying" if word.endswith("ie") else f"{stem}ing" for stem in stems)
    ends = [word[:-1] if word.endswith("e") else _y_to_i(stem) for stem in stems]
    if not irregular:
        yield from (f"{end}ed" for end in ends)
    if not irregular.endswith("rs"):
        yield from (form for end in ends for form in (f"{end}er", f"{end}ers"))


def _ends_in_man(word: str) -> bool:
    return word.endswith("man") and len(word) > LEAST + 1 and not word.endswith(("german", "human"))


def _with_s(word: str) -> tuple[str, ...]:
    if word.endswith("y") and word[-2] not in _VOWELS:
        return (f"{word[:-1]}ies",)
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return (f"{word}es",)
    return (f"{word}s", f"{word}es") if word.endswith("o") and word[-2] not in _VOWELS else (f"{word}s",)


def _stems(word: str) -> tuple[str, ...]:
    """What `-ing`, `-ed` and `-er` are put to. A word of several syllables may or may not double its last letter (`admit`, `visit`)."""
    if word.endswith("e"):
        return (word,) if word.endswith(("ee", "oe", "ye")) else (word[:-1],)
    if word.endswith("c"):
        return (word, f"{word}k")
    before, last = word[-3:-1], word[-1]
    if last in _VOWELS or last in "wxy" or before[1] not in _VOWELS or (before[0] in _VOWELS and before != "ui"):
        return (word,)
    twice = word + last
    return (twice,) if _syllables(word) == 1 and before != "ui" else (word, twice)


def _syllables(word: str) -> int:
    return sum(here in _VOWELS and before not in _VOWELS for before, here in pairwise(" " + word))


def _y_to_i(stem: str) -> str:
    return f"{stem[:-1]}i" if stem.endswith("y") and stem[-2] not in _VOWELS else stem
