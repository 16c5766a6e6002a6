"""The see-saw: what general text lost while the domain won, since the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from curate.train.evaluate import HeldOut, by_role


def nats(loss: float | None) -> str:
    """A loss with three decimals, a dash where there is none."""
    return "-" if loss is None else f"{loss:.3f}"


def table(before: Mapping[str, HeldOut], now: Mapping[str, HeldOut], roles: Mapping[str, str]) -> Iterator[str]:
    """Lines: a row for each role, and for each of its channels where it has several."""
    yield f"{'held-out loss':<26}{'start':>8}{'now':>8}{'change':>9}{'bits/byte':>17}{'tokens':>12}"
    was, are = by_role(before, roles), by_role(now, roles)
    for role in are:
        yield _row(role, was[role], are[role])
        channels = [channel for channel in now if roles[channel] == role]
        if channels != [role]:
            for channel in channels:
                yield _row(f"  {channel}", before[channel], now[channel])


def general_rise(before: Mapping[str, HeldOut], now: Mapping[str, HeldOut], roles: Mapping[str, str]) -> float | None:
    """Nats by which the held-out loss of general text has risen; None where the mix holds none of it out."""
    was, are = by_role(before, roles).get("general"), by_role(now, roles).get("general")
    return None if was is None or are is None else are.nats - was.nats


def _row(name: str, was: HeldOut, now: HeldOut) -> str:
    bits = "-"
    if was.bits_per_byte is not None and now.bits_per_byte is not None:
        bits = f"{was.bits_per_byte:.3f} -> {now.bits_per_byte:.3f}"
    return f"{name:<26}{nats(was.nats):>8}{nats(now.nats):>8}{now.nats - was.nats:>+9.3f}{bits:>17}{now.tokens:>12,}"
