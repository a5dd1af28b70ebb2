"""Cuts a text into runs of one language each and makes each run fit for its voice.

Pure. Numbers belong to Chinese when the text does, or when they touch hanzi; then they are written out in
hanzi. What neither voice can say (other scripts, emoji, brackets that espeak-ng takes for commands) is left
out.
"""

import re
import unicodedata
from dataclasses import dataclass

from central.speech.numerals import written_out
from central.speech.pinyin import HANZI
from central.speech.port import SpeechError, Voice

_HANZI = re.compile(f"[{HANZI}]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f0-9]")
_TOUCHING_HANZI = re.compile(
    rf"(?:[+-]?\d[\d.,:%/-]*\s?)?[{HANZI}](?:[{HANZI}\d.,:;!?%/~ ()-]*[{HANZI}\d%])?(?:m3/s|mm|cm|km|m|°C)?"
)
_ENGLISH_UNITS = {
    "m3/s": "cubic metres per second",
    "km/h": "kilometres per hour",
    "m/s": "metres per second",
    "mm": "millimetres",
    "cm": "centimetres",
    "km": "kilometres",
    "m3": "cubic metres",
    "m": "metres",
}
_ENGLISH_UNIT = re.compile(rf"(?<=\d)\s*({'|'.join(_ENGLISH_UNITS)})(?![A-Za-z0-9])")
_MARKS = str.maketrans(
    {
        "，": "、",  # before NFKC makes it a comma, which between digits would join them
        "【": "。",
        "】": "。",
        "《": " ",
        "》": " ",
        "“": " ",
        "”": " ",
        "…": "。",
    }
)
_PAUSES = str.maketrans(
    {"、": ", ", "。": ". ", "！": "! ", "？": "? ", "；": "; ", "：": ", ", "(": ", ", ")": ", "}
)
_KEPT = re.compile(r"[^\w\s.,;:!?'&%$/+°-]|_|:(?!\d)")
_STRENGTH = "!?.;,"
_STOPS = re.compile(r"\s*([.,;!?](?:\s*[.,;!?])*)(?!\d)\s*")


@dataclass(frozen=True)
class Run:
    """A piece of text that one voice says. Chinese runs hold hanzi and pauses only."""

    voice: Voice
    text: str


def split(text: str, voice: Voice) -> list[Run]:
    """`text` as runs in speaking order. SpeechError when nothing in it can be said."""
    plain = unicodedata.normalize("NFKC", text.translate(_MARKS))
    if voice == "zh":
        plain = written_out(plain)
    else:
        plain = _TOUCHING_HANZI.sub(lambda found: written_out(found[0]), plain)
        plain = _ENGLISH_UNIT.sub(lambda found: f" {_ENGLISH_UNITS[found[1]]}", plain)
    runs: list[Run] = []
    current: Voice = voice
    held = ""
    for character in plain:
        speaks: Voice | None = "zh" if _HANZI.match(character) else "en" if _LATIN.match(character) else None
        if speaks is None and character.isalnum():
            continue
        if speaks is not None and speaks != current:
            runs.append(Run(current, held))
            current, held = speaks, ""
        held += character
    runs.append(Run(current, held))
    tidy = [Run(run.voice, _tidied(run.text)) for run in runs]
    spoken = [run for run in tidy if re.search(r"\w", run.text)]
    if not spoken:
        raise SpeechError("there is nothing in the text that can be spoken", "write it in Chinese or English")
    return spoken


def _tidied(text: str) -> str:
    text = _KEPT.sub(" ", text.translate(_PAUSES))
    text = _STOPS.sub(lambda found: min("".join(found[1].split()), key=_STRENGTH.index) + " ", text)
    return " ".join(text.split()).lstrip(".,;!? ")
