"""The Raspberry Pi's 40-pin header: which GPIO is at which pin, how it is pulled at power-on, what it also does.

Sources: protocols.md §6 (pulls of BCM2835 and BCM2711, as measured tables; the Pi 5's are the same by data sheet,
not tried here). Pure tables.
"""

HEADER = {
    **{
        2: 3,
        3: 5,
        4: 7,
        14: 8,
        15: 10,
        17: 11,
        18: 12,
        27: 13,
        22: 15,
        23: 16,
        24: 18,
        10: 19,
        9: 21,
        25: 22,
    },
    **{
        11: 23,
        8: 24,
        7: 26,
        0: 27,
        1: 28,
        5: 29,
        6: 31,
        12: 32,
        13: 33,
        19: 35,
        16: 36,
        26: 37,
        20: 38,
        21: 40,
    },
}
"""GPIO number (BCM) -> pin of the header."""
POWER = {1: "3V3", 2: "5V", 4: "5V", 17: "3V3"}
GROUND = (6, 9, 14, 20, 25, 30, 34, 39)
_ALSO = {
    **{
        0: "HAT EEPROM",
        1: "HAT EEPROM",
        2: "I2C, 1.8 kΩ pull-up on the board",
        3: "I2C, 1.8 kΩ pull-up on the board",
    },
    **{4: "1-Wire", 7: "SPI select", 8: "SPI select", 9: "SPI", 10: "SPI", 11: "SPI"},
    **{14: "boot console TxD", 15: "boot console RxD", 18: "I2S sound", 19: "I2S sound", 20: "I2S sound"},
    21: "I2S sound",
}


def pull(gpio: int) -> str:
    """What the chip does with the pin from power-on until software runs, and whenever nobody drives it."""
    return "up" if gpio <= 8 else "down"


def also(gpio: int) -> str:
    """Another use of the pin that may be in the way; "" when there is none."""
    return _ALSO.get(gpio, "")


def label(pin: int) -> str:
    """What stands beside a pin of the header."""
    if pin in POWER:
        return POWER[pin]
    if pin in GROUND:
        return "GND"
    return f"GPIO{next(gpio for gpio, at in HEADER.items() if at == pin)}"
