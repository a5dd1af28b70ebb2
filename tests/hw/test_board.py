"""hw.board: good files are read, every kind of bad file is refused with place, key and suggestion."""

from pathlib import Path

import pytest

from hw.board import BoardError, load_board, parse_board

GOOD = """\
[board]
name = "bench-2r"
kind = "bench"
socket = "bench.sock"

[[card]]
name = "r1"
driver = "bench"

[[card]]
name = "pa1"
driver = "bench"
rate_hz = 48000

[[output]]
name = "r1.ptt"
pin = 17
longest = 60.0

[[output]]
name = "pa1.amp"
pin = 5
active_high = false
longest = 600

[[input]]
name = "r1.cos"
pin = 4
pull = "up"
debounce_ms = 20

[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "r1.ptt"
cos = "r1.cos"
lead_ms = 120
tail_ms = 80
timeout = 60

[[line]]
id = "pa1"
kind = "loudspeaker"
card = "pa1"
relay = "pa1.amp"
warm_up_ms = 700
"""


def refused(text: str) -> str:
    with pytest.raises(BoardError) as caught:
        parse_board(text, "b.toml")
    return str(caught.value)


def test_good_board_is_read_whole() -> None:
    board = parse_board(GOOD)
    assert (board.name, board.kind, board.gateway) == ("bench-2r", "bench", "bench-2r")
    assert board.output("r1.ptt").longest == 60 and board.output("r1.ptt").safe_level == 0
    assert board.output("pa1.amp").safe_level == 1
    assert board.input("r1.cos").debounce_ms == 20
    line = board.line("r1")
    assert line.kind == "radio" and line.lead_ms == 120
    assert board.card("pa1").rate_hz == 48000
    with pytest.raises(KeyError):
        board.card("pa2")


def test_board_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse_board(GOOD).output("r1.ptt").pin = 5


def test_bench_knows_the_gateway_by_its_own_name_if_given() -> None:
    assert (
        parse_board(GOOD.replace('kind = "bench"', 'kind = "bench"\ngateway = "gw-north"', 1)).gateway
        == "gw-north"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "longest = 60.0",
            "longset = 60.0",
            "b.toml:18: [[output]] 'r1.ptt': unknown key 'longset', did you mean 'longest'?",
        ),
        ("longest = 60.0", "", "b.toml:15: [[output]] 'r1.ptt': key 'longest' is missing"),
        ("longest = 60.0", "longest = 0", "b.toml:18: [[output]] 'r1.ptt': longest 0 is without limit"),
        ("longest = 60.0", "longest = 9000", "b.toml:18: [[output]] 'r1.ptt': longest = 9000"),
        ("pin = 17", "pin = 40", "b.toml:17: [[output]] 'r1.ptt': pin = 40"),
        ("pin = 17", "pin = true", "b.toml:17: [[output]] 'r1.ptt': pin = True"),
        ("pin = 17", 'pin = "17"', "b.toml:17: [[output]] 'r1.ptt': pin = '17'"),
        (
            "lead_ms = 120",
            "leed_ms = 120",
            "b.toml:38: [[line]] 'r1': unknown key 'leed_ms', did you mean 'lead_ms'?",
        ),
        ("lead_ms = 120", "radio = 1", "b.toml:38: [[line]] 'r1': unknown key 'radio'"),
        ("warm_up_ms = 700", "warmup_ms = 700", "unknown key 'warmup_ms', did you mean 'warm_up_ms'?"),
        (
            'kind = "radio"',
            'kind = "radoi"',
            "b.toml:34: [[line]] 'r1': kind is 'radoi', must be one of 'radio', 'shortwave', 'tetra', ",
        ),
        ('pull = "up"', 'pull = "upp"', "b.toml:29: [[input]] 'r1.cos': pull = 'upp'"),
        ("debounce_ms = 20", "debounce_ms = 501", "debounce_ms = 501"),
        ("lead_ms = 120", "lead_ms = 2001", "b.toml:38: [[line]] 'r1': lead_ms = 2001"),
        (
            "pin = 4",
            "pin = 17",
            "b.toml:28: [[input]] pin 17 is used twice: by output 'r1.ptt' and by input 'r1.cos'",
        ),
        (
            "pin = 5",
            "pin = 17",
            "b.toml:22: [[output]] pin 17 is used twice: by output 'r1.ptt' and by output 'pa1.amp'",
        ),
        (
            'name = "pa1.amp"',
            'name = "r1.ptt"',
            "b.toml:21: [[output]] 'r1.ptt' is the name of two outputs: rename one",
        ),
        ('id = "pa1"', 'id = "r1"', "b.toml:43: [[line]] 'r1' is the name of two lines"),
        (
            'card = "pa1"',
            'card = "pa11"',
            "b.toml:45: [[line]] 'pa1': there is no card 'pa11', did you mean 'pa1'?",
        ),
        ('ptt = "r1.ptt"', 'ptt = "x"', "[[line]] 'r1': there is no output 'x'; there is r1.ptt, pa1.amp"),
        ('cos = "r1.cos"', 'cos = "r1.ptt"', "[[line]] 'r1': there is no input 'r1.ptt'"),
        ('card = "pa1"', 'card = "r1"', "card 'r1' is used by two lines: 'r1' and 'pa1'"),
        ('relay = "pa1.amp"', 'relay = "r1.ptt"', "output 'r1.ptt' is used by two lines: 'r1' and 'pa1'"),
        (
            "timeout = 60",
            "timeout = 61",
            "timeout 61 s is longer than output 'r1.ptt' may be on (longest 60 s)",
        ),
        (
            'driver = "bench"',
            'driver = "alsa"',
            "b.toml:8: [[card]] 'r1': driver 'alsa' on a board of kind 'bench'",
        ),
        ('kind = "bench"', 'kind = "real"', "b.toml:4: [board] kind 'real' has no bench socket"),
        ('socket = "bench.sock"', "", "[board] kind 'bench' needs the socket"),
        ('kind = "bench"', 'kind = "bnch"', "b.toml:3: [board] 'bench-2r': kind = 'bnch'"),
        ("[[card]]", "[[cards]]", "unknown table 'cards', did you mean 'card'?"),
        ("[board]", "[bord]", "b.toml:1: unknown table 'bord', did you mean 'board'?"),
        ('kind = "bench"', 'kind = "bench', "b.toml: not TOML: "),
    ],
)
def test_bad_board_says_where_and_what(old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert said in refused(GOOD.replace(old, new, 1))


def test_plain_table_for_a_list_is_explained() -> None:
    text = '[board]\nname = "a"\nkind = "real"\n[card]\nname = "x"\n'
    assert refused(text) == "b.toml:4: write [[card]], not dict"


def test_every_problem_is_listed_at_once() -> None:
    text = GOOD.replace("pin = 4", "pin = 17").replace('card = "pa1"', 'card = "pa9"')
    assert len(refused(text).splitlines()) == 2


REAL = """\
[board]
name = "site"
kind = "real"
[[card]]
name = "r1"
driver = "alsa"
capture = "hw:1"
[[output]]
name = "ptt"
pin = 17
longest = 60
"""


def test_real_board_is_read() -> None:
    assert parse_board(REAL).kind == "real"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("pin = 17", "pin = 5", "pin 5 is pulled up whenever no guard runs"),
        ("pin = 17", "pin = 17\nactive_high = false", "pin 17 is pulled down whenever no guard runs"),
        ("pin = 17", "pin = 17\nsafe = 1", "pin 17 is pulled down whenever no guard runs"),
        ("pin = 17", "pin = 14", "pin 14 belongs to the boot console"),
        ('driver = "alsa"', 'driver = "bench"', "driver 'bench' on a board of kind 'real'"),
        ('capture = "hw:1"', "", "neither capture nor playback"),
    ],
)
def test_real_board_is_held_to_what_the_pi_does_at_power_on(old: str, new: str, said: str) -> None:
    assert said in refused(REAL.replace(old, new, 1))


def test_active_low_output_may_sit_on_a_pulled_up_pin() -> None:
    assert parse_board(REAL.replace("pin = 17", "pin = 5\nactive_high = false")).output("ptt").safe_level == 1


def test_relative_socket_lies_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    file.write_text(GOOD)
    assert load_board(file).socket == str(tmp_path / "bench.sock")


def test_missing_and_unreadable_files_are_board_errors(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"none\.toml: cannot be read: No such file"):
        load_board(tmp_path / "none.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BoardError, match="not UTF-8"):
        load_board(tmp_path / "x.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * 300_000)
    with pytest.raises(BoardError, match="no board file"):
        load_board(tmp_path / "big.toml")
