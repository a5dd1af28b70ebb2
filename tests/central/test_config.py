"""The centre's settings file: what stands twice, belongs to nobody or cannot be a name is refused."""

from pathlib import Path

import pytest

from central.config import RESERVED_ZONES, load_central
from link.contract.neighbour import MOST_LEGS
from link.hosting.settings import SettingsError

TOWN = """\
state = "state"
plain = true
run = "run"

[api]
tokens = "tokens.toml"

[[gateway]]
id = "gw-north"

[[gateway]]
id = "gw-south"

[[group]]
id = "valley"
members = [{ line = "gw-north/r1", priority = 7 }, { line = "gw-south/r1" }]

[[zone]]
id = "north"
lines = ["gw-north/pa1"]
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "central.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_central(write(tmp_path, text))
    return str(caught.value)


def test_a_town_is_read_with_its_paths(tmp_path: Path):
    settings = load_central(write(tmp_path, TOWN))
    assert settings.state == tmp_path / "state"
    assert settings.api.tokens == tmp_path / "tokens.toml"
    assert settings.voice_socket == tmp_path / "run" / "core-voice.sock"
    assert settings.recordings == tmp_path / "state" / "recordings"
    assert [entry.id for entry in settings.gateway] == ["gw-north", "gw-south"]
    assert [(m.line, m.priority) for m in settings.group[0].members] == [
        ("gw-north/r1", 7),
        ("gw-south/r1", 5),
    ]
    assert (settings.group[0].hang, settings.group[0].timeout) == (2.0, 60.0)
    assert settings.speech.engine == "espeak"


@pytest.mark.parametrize("word", RESERVED_ZONES)
def test_a_zone_cannot_be_a_word_of_the_command_line(tmp_path: Path, word: str):
    said = refused(tmp_path, TOWN.replace('id = "north"', f'id = "{word}"'))
    assert f"zone '{word}' is a word of the command line; choose another id" in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[gateway]]\nid = "gw-north"', "gateway 'gw-north' stands twice; give each its own id"),
        ('[[group]]\nid = "valley"', "group 'valley' stands twice"),
        ('[[zone]]\nid = "north"\nlines = []', "zone 'north' stands twice"),
        (
            '[[group]]\nid = "hills"\nmembers = [{ line = "gw-south/r1" }]',
            "line 'gw-south/r1' is in group 'valley' and in 'hills'; choose one",
        ),
        (
            '[[zone]]\nid = "west"\nlines = ["gw-west/pa1"]',
            "zone 'west' names 'gw-west/pa1', but there is no gateway 'gw-west' (known: gw-north, gw-south)",
        ),
        (
            '[[group]]\nid = "hills"\nmembers = [{ line = "gw-x/r1" }]',
            "group 'hills' names 'gw-x/r1', but there is no gateway 'gw-x' (known: gw-north, gw-south)",
        ),
        ('[[zone]]\nid = "west"\nlines = ["pa1"]', "'pa1' is not a line: write GATEWAY/LINE"),
        ('[[zone]]\nid = "west"\nlines = ["gw-north/PA 1"]', "zone 'west' names 'gw-north/PA 1'"),
        (
            '[[group]]\nid = "hills"\nmembers = [{ line = "gw-north/R1" }]',
            "group 'hills' names 'gw-north/R1'",
        ),
        ('[[gateway]]\nid = "GW"', "gateway.2.id = 'GW'"),
        ('[[group]]\nid = "hills"\nhang = -1', "group.1.hang = -1"),
        ('[[group]]\nid = "hills"\nmembers = [{ line = "gw-north/r2", priority = 10 }]', "priority = 10"),
        ('[speech]\nengine = "espaek"', "did you mean espeak?"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, more: str, said: str):
    assert said in refused(tmp_path, f"{TOWN}\n{more}\n")


def test_a_line_twice_in_one_group_is_refused(tmp_path: Path):
    said = refused(tmp_path, TOWN.replace("gw-south/r1", "gw-north/r1"))
    assert "line 'gw-north/r1' is in group 'valley' and in 'valley'" in said


def test_a_loudspeaker_may_be_in_several_zones(tmp_path: Path):
    text = TOWN + '\n[[zone]]\nid = "all"\nlines = ["gw-north/pa1", "gw-south/pa1"]\n'
    assert [zone.id for zone in load_central(write(tmp_path, text)).zone] == ["north", "all"]


def test_without_gateways_the_known_ones_are_none(tmp_path: Path):
    text = 'state = "s"\nrun = "r"\n[api]\ntokens = "t"\n[[zone]]\nid = "z"\nlines = ["gw-a/pa1"]\n'
    assert "(known: none)" in refused(tmp_path, text)


def test_a_group_larger_than_a_bridge_is_refused(tmp_path: Path):
    lines = ", ".join(f'{{ line = "gw-north/r{n}" }}' for n in range(MOST_LEGS + 1))
    said = refused(
        tmp_path, TOWN.replace('members = [{ line = "gw-north/r1", priority = 7 },', f"members = [{lines},")
    )
    assert "group" in said and str(MOST_LEGS) in said


def test_a_name_too_long_for_a_talker_is_refused(tmp_path: Path):
    said = refused(tmp_path, TOWN.replace("priority = 7", f'label = "{"北" * 81}"'))
    assert "label" in said and "80" in said


TRIGGER = """
[[trigger]]
id = "dam"
gateway = "gw-north"
channel = "live"
clip = "flood"
lines = ["pa1"]
conditions = [{ kind = "contact", source = "float" }, { kind = "above", source = "level", value = 3.2 }]
"""


def test_a_trigger_is_read(tmp_path: Path):
    (trigger,) = load_central(write(tmp_path, TOWN + TRIGGER)).trigger
    assert (trigger.gateway, trigger.channel, trigger.clip, trigger.lines) == (
        "gw-north",
        "live",
        "flood",
        ("pa1",),
    )
    assert [(c.kind, c.source, c.value) for c in trigger.conditions] == [
        ("contact", "float", 0.0),
        ("above", "level", 3.2),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"gw-north"', '"gw-nort"', "did you mean 'gw-north'?"),
        ('"gw-north"', '"elsewhere"', "known: gw-north, gw-south"),
        ('"level"', '"float"', "nothing sounds live on one source alone"),
        ("[[trigger]]", '[[trigger]]\nstop = "float"', "stopped by one of its own conditions: 'float'"),
        ('kind = "above"', 'kind = "abov"', "conditions"),
        ("[[trigger]]", "[[trigger]]\nmots = 3", "did you mean 'most'?"),
        ('lines = ["pa1"]', "lines = []", "lines"),
        ('lines = ["pa1"]', 'lines = ["gw-north/pa1"]', "lines"),
        ('clip = "flood"', "", "trigger.0.clip' is missing"),
        ('channel = "live"', 'channel = "loud"', "channel"),
    ],
)
def test_a_trigger_that_cannot_be_is_refused(tmp_path: Path, old: str, new: str, said: str):
    assert said in refused(tmp_path, TOWN + TRIGGER.replace(old, new))


def test_a_trigger_stands_once(tmp_path: Path):
    assert "trigger 'dam' stands twice" in refused(tmp_path, TOWN + TRIGGER + TRIGGER)


def test_a_drill_may_hang_on_one_contact(tmp_path: Path):
    text = TRIGGER.replace("live", "drill").replace('"level"', '"float"')
    assert load_central(write(tmp_path, TOWN + text)).trigger[0].channel == "drill"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('recrod = "all"', "did you mean 'record'?"),
        ('upload = "always"', "upload"),
        ('profile = "5g"', "profile"),
        ("rate = 10", "rate"),
        ("hold_mb = -1", "hold_mb"),
    ],
)
def test_the_policy_of_a_gateway_is_checked(tmp_path: Path, line: str, said: str):
    assert said in refused(tmp_path, TOWN.replace('id = "gw-south"', f'id = "gw-south"\n{line}'))


TLS = '[tls]\nca = "ca.pem"\ncertificate = "c.crt"\nkey = "c.key"\n'
PROBE = '[probe]\ncertificate = "probe.crt"\nkey = "/keys/probe.key"\n'


def test_secured_or_plain_by_the_files_own_words(tmp_path: Path):
    secured = TOWN.replace("plain = true\n", "")
    settings = load_central(write(tmp_path, secured + TLS + PROBE))
    assert settings.tls is not None and settings.probe is not None and not settings.plain
    assert (settings.probe.certificate, settings.probe.key) == (
        tmp_path / "probe.crt",
        Path("/keys/probe.key"),
    )
    assert "table [tls] is missing" in refused(tmp_path, secured)
    assert "table [probe] is missing" in refused(tmp_path, secured + TLS)
    assert "plain = true stands beside [tls]" in refused(tmp_path, TOWN + TLS + PROBE)
    assert load_central(write(tmp_path, TOWN)).plain


@pytest.mark.parametrize("name", ["svc-centre", "probe", "broker", "svc-x"])
def test_no_gateway_has_the_name_of_a_part_of_the_centre(tmp_path: Path, name: str):
    said = refused(tmp_path, TOWN + f'[[gateway]]\nid = "{name}"\n')
    assert f"gateway {name!r} is the name of a part of the centre" in said


def test_the_voice_node_is_dialled_by_a_name_and_may_have_its_own_certificate(tmp_path: Path):
    voice = '\n[voice]\nhost = "0.0.0.0"\n'
    assert "set name to what gateways dial" in refused(tmp_path, TOWN + voice)
    more = 'name = "voice.example"\ncertificate = "pki/voice.crt"\nkey = "/etc/voice.key"\n'
    settings = load_central(write(tmp_path, TOWN + voice + more)).voice
    assert (settings.host, settings.name) == ("0.0.0.0", "voice.example")
    assert (settings.certificate, settings.key) == (tmp_path / "pki/voice.crt", Path("/etc/voice.key"))
    plain = load_central(write(tmp_path, TOWN)).voice
    assert (plain.host, plain.name, plain.certificate, plain.key) == ("127.0.0.1", "", None, None)


AREAS = """
[[area]]
id = "hills"
kind = "province"
[[area]]
id = "upper"
kind = "city"
within = "hills"
"""


def area_file(folder: Path, gateway: str = "", zone: str = "", group: str = "", areas: str = AREAS) -> Path:
    path = folder / "central.toml"
    path.write_text(
        'plain = true\nstate = "s"\nrun = "r"\n[api]\ntokens = "t"\n'
        f'[[gateway]]\nid = "gw-a"\narea = "{gateway}"\n'
        f'[[zone]]\nid = "z"\nlines = ["gw-a/pa1"]\narea = "{zone}"\n'
        f'[[group]]\nid = "g"\nmembers = [{{ line = "gw-a/r1" }}]\narea = "{group}"\n' + areas
    )
    return path


def test_things_stand_in_areas(tmp_path):
    places = load_central(area_file(tmp_path, "upper", "hills", "upper")).places
    assert (places.of_line("gw-a/r1"), places.of_zone("z"), places.of_group("g")) == (
        "upper",
        "hills",
        "upper",
    )
    assert places.areas.holds("hills", "upper") and not places.areas.holds("upper", "hills")


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"gateway": "uper"}, "did you mean 'upper'"),
        ({"zone": "upper"}, "whose gateway is outside of it"),
        ({"gateway": "hills", "group": "upper"}, "whose gateway is outside of it"),
        ({"areas": AREAS.replace('within = "hills"', 'within = "hill"')}, "'hill', which is not here"),
        ({"areas": AREAS + AREAS}, "stands twice"),
        ({"areas": AREAS.replace('"city"', '"village"')}, "kind"),
    ],
)
def test_areas_that_do_not_fit_are_named(tmp_path, named, words):
    with pytest.raises(SettingsError, match=words):
        load_central(area_file(tmp_path, **named))
