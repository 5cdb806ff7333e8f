"""Bytes as people read them."""

UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def size(count: float) -> str:
    """Such as 3.2 GB, of 1000 MB each."""
    unit = 0
    while count >= 999.95 and unit + 1 < len(UNITS):
        count, unit = count / 1000, unit + 1
    return f"{count:.1f} {UNITS[unit]}" if unit else f"{count:,.0f} bytes"
