"""The worker process behind the espeak-ng door: text to a levelled WAV.

espeak-ng is a command here: text goes in on stdin (never as an argument, where it could be an option),
sound comes out on stdout. Traps: the voice `cmn` says most hanzi as English spellings (1.51),
`cmn-latn-pinyin` reads pinyin rightly (hanzi nearly so: 银行 as yin xing); `[[` begins phoneme input; the WAV
header on stdout has a false size.
"""

import subprocess

from central.speech.pinyin import to_pinyin
from central.speech.port import RATE_HZ, SpeechError, Voice
from central.speech.runs import Run, split
from central.store import sound
from central.store.side_process import SideRefused, serve

VOICES: dict[Voice, tuple[str, str]] = {"zh": ("cmn-latn-pinyin", "165"), "en": ("en", "140")}
_GAP = 0.15
_PATIENCE = 20.0
_ADVICE = "install it: apt install espeak-ng"


def command(run: Run) -> tuple[list[str], str]:
    """The espeak-ng command that says `run`, and what goes to its stdin."""
    voice, words_a_minute = VOICES[run.voice]
    text = to_pinyin(run.text) if run.voice == "zh" else run.text
    return ["espeak-ng", "-v", voice, "-s", words_a_minute, "-b", "1", "--stdin"], text


def say(run: Run) -> sound.Sound:
    """One run as sound. SideRefused if espeak-ng is missing, fails or stays silent."""
    arguments, text = command(run)
    try:
        done = subprocess.run(
            [*arguments, "--stdout"], input=text.encode(), capture_output=True, timeout=_PATIENCE
        )
    except FileNotFoundError:
        raise SideRefused("espeak-ng is not installed", _ADVICE) from None
    except subprocess.TimeoutExpired:
        raise SideRefused(f"espeak-ng was not done within {_PATIENCE:g} s") from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip()[-200:]
        raise SideRefused(f"espeak-ng failed with code {done.returncode}: {last}", _ADVICE)
    try:
        return sound.trimmed(sound.read_wav(done.stdout))
    except sound.UnreadableSound as error:
        raise SideRefused(f"espeak-ng gave no sound: {error}") from None


def speak(text: str, voice: Voice) -> bytes:
    """`text` as the port promises it. SideRefused."""
    try:
        runs = split(text, voice)
    except SpeechError as error:
        raise SideRefused(error.reason, error.advice) from None
    parts = [said for said in map(say, runs) if said.seconds]
    if not parts:
        raise SideRefused("there is nothing in the text that can be spoken")
    return sound.write_wav(sound.levelled(sound.at_rate(sound.joined(parts, _GAP), RATE_HZ)))


def _work(request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    voice: Voice = "zh" if request["voice"] == "zh" else "en"
    return {}, speak(str(request["text"]), voice)


if __name__ == "__main__":
    serve(_work)
