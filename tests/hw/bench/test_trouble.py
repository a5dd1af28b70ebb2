"""The verbs for trouble and what they answer to a typing error."""

import pytest

from hw.bench.trouble import Trouble, TroubleError, apply, verbs


def test_every_listed_verb_is_understood_and_normal_clears_it() -> None:
    for kind in ("radio", "loudspeaker"):
        for verb in verbs(kind):
            asked = verb.replace(":MS", ":300")
            troubled = apply(Trouble(), asked, kind)
            assert (troubled == Trouble()) == (verb == "normal")
            assert apply(troubled, "normal", kind) == Trouble()


def test_troubles_add_up() -> None:
    trouble = apply(apply(Trouble(), "deaf", "radio"), "noise", "radio")
    assert trouble == Trouble(deaf=True, noise=True)
    assert apply(trouble, "late_ptt:12.5", "radio").late_ms == 12.5


@pytest.mark.parametrize(
    "verb", ["deff", "late_ptt", "late_ptt:", "late_ptt:-1", "late_ptt:x", "deaf:3", "", "late_ptt:nan"]
)
def test_nonsense_is_refused(verb: str) -> None:
    with pytest.raises(TroubleError):
        apply(Trouble(), verb, "radio")


def test_the_answer_suggests_and_lists() -> None:
    with pytest.raises(TroubleError, match="did you mean 'stick_cos'.*known: stick_cos"):
        apply(Trouble(), "stik_cos", "radio")
    with pytest.raises(TroubleError, match="for a loudspeaker"):
        apply(Trouble(), "deaf", "loudspeaker")
