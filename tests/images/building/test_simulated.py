"""The module of simulated pins: for which kernel, and what is changed in the kernel's source."""

import pytest

from images.building.simulated import RULES, exported, kernel_of
from images.building.work import Trouble

MANIFEST = "linux-base\t4.9\tall\nlinux-image-6.1.0-56-arm64\t6.1.192-2\tarm64\nlinux-image-arm64\t6.1.192-2\tarm64\n"
IRQ_SIM = "#include <linux/irq.h>\n#include <linux/irq_sim.h>\n\nhandle_simple_irq(irq_to_desc(irqnum));\n"


def test_the_kernel_is_the_one_that_the_image_starts():
    assert kernel_of(MANIFEST) == ("6.1.0-56-arm64", "6.1.192-2")


@pytest.mark.parametrize("count", [0, 2])
def test_none_or_two_kernels_are_refused(count: int):
    line = "linux-image-6.1.0-{}-arm64\t6.1.1-1\tarm64\n"
    with pytest.raises(Trouble, match=f"{count} kernels"):
        kernel_of("".join(line.format(50 + number) for number in range(count)))


def test_the_call_that_modules_may_not_make_is_replaced():
    made = exported(IRQ_SIM)
    assert "handle_simple_irq(irq_data_to_desc(irq_get_irq_data(irqnum)));" in made
    assert made.index("linux/irq_sim.h") < made.index("linux/irqdesc.h") < made.index("handle_simple_irq")
    assert "irq_sim.o" in RULES and "CONFIG_IRQ_SIM" in RULES


def test_another_source_is_refused_with_where_to_look():
    with pytest.raises(Trouble, match=r"simulated\.py"):
        exported(IRQ_SIM.replace("irq_to_desc", "irq_desc_of"))
