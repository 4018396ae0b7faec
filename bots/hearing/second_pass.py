"""The second recognition, in a process of its own: was it really this phrase that was said?

The stretch is recognised alone: without the words before it, by which the first recogniser may have expected what it heard. An engine that
can judge between few phrases then has to choose between this one and what sounds like it, where no word is likelier than another. Such a
judgement alone means nothing, since it takes the nearest of what it is offered; so what was written at first, or in one of the likeliest
texts of the stretch, must have been the phrase, or must have sounded like it.
"""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Final

from bots.hearing.lane import SILENT, decoded
from bots.hearing.memory import private_bytes
from bots.hearing.messages import Confirm, Confirmed
from bots.hearing.recogniser import RATE, Recogniser
from spacesctl.audio.opus import Decoder
from spacesctl.rules import normalise, phones
from spacesctl.rules.match import Matcher
from spacesctl.rules.ruleset import Phrase, Rule
from spacesctl.support.messages import Unpacker, pack

MARGIN: Final = 30
"""Ticks before and after the words that are recognised with them: 600 ms. Of words that were said 6 in 100 are not heard again; with 240 ms
13 are not."""
MOST_TEXTS: Final = 5
"""Texts of the stretch in which the phrase may be."""
MOST_ALIKE: Final = 8
"""Words of the model that sound like one of the phrase, and are offered in its place."""
MOST_SPELLINGS: Final = 4
"""Spellings of the phrase of which the words are replaced so."""
MOST_TICKS: Final = 1000
"""Ticks of a stretch: of more only the first are recognised."""
GAP: Final = 3
"""Fillers between two words of the phrase."""
_MOST_BYTES: Final = 1 << 20
_READ_BYTES: Final = 1 << 16


def run(recogniser: Recogniser, sock: socket.socket) -> int:
    """Answer until the socket is closed (0). Raises ProtocolError, ConnectionError."""
    second, unpacker = SecondPass(recogniser), Unpacker[Confirm](Confirm, _MOST_BYTES)
    second.prepare()
    while data := sock.recv(_READ_BYTES):
        for asked in unpacker.feed(data):
            sock.sendall(pack(Confirmed(asked.number, second.hears(asked), private_bytes())))
    return 0


class SecondPass:
    """Knows the words of one model by their sounds."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    def prepare(self) -> None:
        """Do now what the first question would wait for: of a large vocabulary it takes seconds."""
        _ = self._by_sounds

    def hears(self, asked: Confirm) -> bool:
        """Whether one of the phrases was said."""
        pcm, phrases = sound(asked.frames, asked.first), list(asked.phrases)
        wanted = _Wanted(phrases)
        texts = self._recogniser.again(pcm, most=MOST_TEXTS)
        is_open = any(map(wanted.is_in, texts))
        if not self._recogniser.capabilities.grammar:
            return is_open
        if wanted.is_in(asked.written) and not is_open:
            return False
        among = [*phrases, *self._others(phrases, [asked.written, *texts], wanted)]
        return any(map(wanted.is_in, self._recogniser.again(pcm, among=among)))

    def _others(self, phrases: Sequence[str], texts: Sequence[str], wanted: _Wanted) -> Iterator[str]:
        """What else may have been said: what was written there, in parts and as a whole, and the phrases with a word like one of theirs."""
        offered = dict.fromkeys(word for text in texts for word in text.split())
        offered |= dict.fromkeys(text for text in texts if text and not wanted.is_in(text))
        for phrase in phrases[:MOST_SPELLINGS]:
            words = phrase.split()
            offered |= dict.fromkeys(
                " ".join([*words[:at], other, *words[at + 1 :]])
                for at, word in enumerate(words)
                for other in self._alike(word)
            )
        return (each for each in offered if each not in phrases and each != normalise.UNKNOWN)

    def _alike(self, word: str) -> list[str]:
        """The model's words that sound most like this one, but for itself."""
        sounds = phones.merged(phones.of_word(word))
        found = {
            each for near in phones.with_one_less(sounds) for each in self._by_sounds.get(near, ()) if each != word
        }
        near = sorted((phones.apart(sounds, phones.merged(phones.of_word(each))), each) for each in found)
        return [each for apart, each in near if apart <= 1][:MOST_ALIKE] if sounds else []

    @cached_property
    def _by_sounds(self) -> dict[str, tuple[str, ...]]:
        """The model's words by their sounds, and by their sounds without one."""
        found = defaultdict[str, list[str]](list)
        for word in self._words():
            for near in phones.with_one_less(phones.merged(phones.of_word(word))):
                found[near].append(word)
        return {near: tuple(words) for near, words in found.items()}

    def _words(self) -> Collection[str]:
        return self._recogniser.vocabulary() if self._recogniser.capabilities.grammar else ()


class _Wanted:
    """The phrases that are looked for, as rules look for them: also as one word, and with fillers between."""

    def __init__(self, phrases: Sequence[str]) -> None:
        literals = tuple(Phrase(each, normalise.readings(each) or (each,), 0, gap=GAP) for each in phrases)
        self._matcher = Matcher((Rule("", 0, literals=literals),))

    def is_in(self, text: str) -> bool:
        words = [part for word in text.split() for part in normalise.heard(word)]
        return bool(self._matcher.find(words))


def sound(frames: Sequence[tuple[int, int, bytes]], first: int) -> bytes:
    """The frames from the tick `first` on as 16-bit sound at 16 kHz; silence where there is none."""
    decoder, parts, expected = Decoder(RATE), list[bytes](), first
    for tick, flags, payload in frames:
        pcm = decoded(decoder, flags, payload)
        if tick >= expected:
            parts += [SILENT] * min(tick - expected, MOST_TICKS - len(parts))
            parts.append(pcm)
            expected = tick + 1
        if len(parts) >= MOST_TICKS:
            break
    return b"".join(parts)
