"""hw.phone.dialogue: one command at a time, and no late answer is taken for that of another command."""

from hw.phone.dialogue import PROBE_EVERY, PROMPT_LIMIT, QUEUE, SETTLE, Command, Dialogue, Done
from hw.phone.lines import Failed, Listed, Ok, Prompt, Result, SentRef, Signal

CSQ = Command("AT+CSQ", "status")
LIST = Command("AT+CLCC", "list")
SEND = Command("AT+CMGS=9", "send", 60.0, "00AA")


def started(*commands: Command) -> Dialogue:
    dialogue, data, _ = Dialogue().ask(*commands).go(0.0)
    assert data == commands[0].text.encode() + b"\r"
    return dialogue


def test_the_next_command_waits_for_the_answer():
    dialogue = started(CSQ, LIST)
    assert dialogue.go(1.0)[1] == b""
    dialogue, data, done = dialogue.take(Ok(), 1.0)
    assert (data, done) == (b"", Done(CSQ, Ok()))
    assert dialogue.go(1.0)[1] == b"AT+CLCC\r"


def test_the_answer_is_collected_and_bounded():
    dialogue = started(LIST)
    for _ in range(1000):
        dialogue, _, _ = dialogue.take(Listed(1, True, 4), 0.1)
    assert len(dialogue.answer) == 300
    assert dialogue.take(Failed("CME", 3), 0.2)[2].end == Failed("CME", 3)
    assert dialogue.take(Signal(3), 0.2)[0] == dialogue


def test_a_late_answer_is_not_taken_for_the_next_one():
    dialogue = started(CSQ, LIST)
    dialogue, data, done = dialogue.go(5.0)
    assert done == Done(CSQ, None) and data == b""
    dialogue, data, _ = dialogue.go(5.0)
    assert data == b"AT\r"
    dialogue, _, done = dialogue.take(Ok(), 6.0)  # of AT+CSQ or of AT: nobody can tell
    assert done is None and dialogue.go(6.0)[1] == b""
    dialogue, _, done = dialogue.take(Ok(), 6.3)  # the other one
    assert done is None and dialogue.strays == 1
    assert dialogue.go(6.0 + SETTLE)[1] == b"AT+CLCC\r"


def test_a_silent_phone_is_asked_again_and_again_but_ever_more_slowly():
    dialogue, _, _ = started(CSQ).go(5.0)
    times, now = [], 5.0
    for _ in range(8):
        dialogue, data, _ = dialogue.go(now)
        assert data == b"AT\r"
        times.append(now)
        now = dialogue.deadline
    assert times[1] - times[0] == PROBE_EVERY and times[-1] - times[-2] == 3 * PROBE_EVERY


def test_the_pdu_follows_the_prompt_once():
    dialogue, data, _ = started(SEND).take(Prompt(), 1.0)
    assert data == b"00AA\x1a"
    assert dialogue.take(Prompt(), 1.1)[1] == b"\x1b"
    dialogue, _, _ = dialogue.take(SentRef(4), 2.0)
    assert dialogue.take(Ok(), 2.0)[2] == Done(SEND, Ok(), (SentRef(4),), True)


def test_without_a_prompt_the_message_is_abandoned_with_escape():
    dialogue = started(SEND)
    assert dialogue.deadline == PROMPT_LIMIT
    dialogue, data, done = dialogue.go(PROMPT_LIMIT)
    assert data == b"\x1b" and done == Done(SEND, None)


def test_result_words_end_only_what_they_answer():
    assert started(LIST).take(Result("NO CARRIER"), 0.1)[2] is None
    dial = Command("ATD1;", "dial", 90.0)
    assert started(dial).take(Result("BUSY"), 0.1)[2] == Done(dial, Result("BUSY"))


def test_a_dialling_can_be_broken_off_once():
    dialogue, data = started(Command("ATD1;", "dial", 90.0)).abort(3.0)
    assert data == b"\r" and dialogue.deadline == 5.0
    assert dialogue.abort(3.1)[1] == b"" and started(LIST).abort(1.0)[1] == b""


def test_the_queue_is_bounded_and_can_be_cleared():
    dialogue = Dialogue().ask(*[LIST] * 500)
    assert len(dialogue.queue) == QUEUE and dialogue.dropped == 500 - QUEUE
    assert dialogue.ask(CSQ, first=True).queue[0] == CSQ
    assert dialogue.without("list").idle and not dialogue.idle and dialogue.waits_for("list")


def test_a_phone_that_refuses_the_question_twice_is_there_too():
    dialogue, _, _ = started(CSQ, LIST).go(5.0)
    dialogue, _, _ = dialogue.take(Failed(), 5.0)[0].go(5.0)
    dialogue, _, _ = dialogue.take(Failed(), 5.1)  # of AT+CSQ or of AT
    dialogue, _, _ = dialogue.take(Failed("CME", 3), 5.2)
    assert dialogue.probe_at is not None, "two errors after one question prove nothing"
    dialogue, data, _ = dialogue.go(dialogue.probe_at)
    assert data == b"AT\r"
    dialogue, _, _ = dialogue.take(Failed(), 8.0)
    assert dialogue.probe_at is None and dialogue.go(8.0)[1] == b""
    assert dialogue.go(8.0 + SETTLE)[1] == b"AT+CLCC\r"
