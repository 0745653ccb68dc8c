"""A thermometer's radio signal, as a receiver would have recorded it: what rtl_433 decodes as Prologue-TH."""

import math

RATE = 250_000
"""Samples a second, two bytes each (cu8)."""
PULSE_US, ZERO_US, ONE_US, END_US = 500, 2_000, 4_000, 9_000
"""Microseconds: a pulse, then a pause that says 0, 1 or the end of a row."""


def prologue(ident: int, channel: int, temperature_c: float, humidity: int) -> bytes:
    """One transmission of seven equal rows."""
    tenths = round(temperature_c * 10) & 0xFFF
    bits = f"1001{ident:08b}10{channel - 1:02b}{tenths:012b}{humidity:08b}"
    row = b"".join(_pulse() + _pause(ONE_US if bit == "1" else ZERO_US) for bit in bits)
    return _pause(20_000) + (row + _pulse() + _pause(END_US)) * 7 + _pause(50_000)


def _pulse() -> bytes:
    turn = 2 * math.pi * 20_000 / RATE
    samples = range(PULSE_US * RATE // 1_000_000)
    return bytes(int(127.5 + 100 * part(turn * n)) for n in samples for part in (math.cos, math.sin))


def _pause(microseconds: int) -> bytes:
    return bytes((127, 128)) * (microseconds * RATE // 1_000_000)
