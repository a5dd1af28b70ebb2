"""What every voice engine must do with gains of legs; beside `port_suite`, by the same rig."""

import pytest

from link.voice.port import LegUp, VoiceError
from tests.link.voice.port_suite import Rig, frame_port, of
from tests.link.voice.tones import loudness, tail


class GainSuite:
    """For the fake and for pjsua2."""

    async def test_a_gain_counts_for_all_who_hear_the_leg_and_for_no_other(self, rig: Rig) -> None:
        here, there = await rig.station(), await rig.station()
        tone, back = await frame_port(rig, here, 440), await frame_port(rig, here)
        ears = [await frame_port(rig, there) for _ in range(2)]
        other = await frame_port(rig, there, 700)
        await there.engine.expect("t1", 5.0)
        leg = await here.engine.dial(there.uri, "t1")
        await here.engine.connect(tone, leg)
        await here.engine.connect(leg, back)
        await rig.until(lambda: bool(of(there, LegUp)))
        theirs = of(there, LegUp)[0].leg
        for ear in ears:
            await there.engine.connect(theirs, ear)
        await there.engine.connect(other, theirs)
        for gain in (0.25, 2.0, 0.5):
            await there.engine.set_gain(theirs, gain)
            await rig.pass_time(0.8)
            for ear in ears:
                heard = loudness(tail(await rig.heard(there, ear), 0.2), 440)
                assert heard == pytest.approx(gain, rel=0.15), gain
        assert loudness(tail(await rig.heard(here, back), 0.2), 700) == pytest.approx(1, abs=0.1)
        with pytest.raises(VoiceError, match="does not exist"):
            await there.engine.set_gain(99_999, 1.0)
