"""A reference beside a window, as a picture: SVG that any browser shows."""

from html import escape
from typing import Final

from rollbook.domain.alarms import Picture

WIDTH: Final = 640
HEIGHT: Final = 240
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 34, 62
REFERENCE, WINDOW, INK = "#9aa5b1", "#d9480f", "#1f2933"


def shares(picture: Picture) -> list[tuple[str, float, float]]:
    """Bin by bin, the shares of the reference and of the window."""
    whole = max(sum(picture.reference), 1), max(sum(picture.window), 1)
    return [
        (name, reference / whole[0], window / whole[1])
        for name, reference, window in zip(
            picture.bins, picture.reference, picture.window, strict=True
        )
    ]


def svg(picture: Picture) -> str:
    """Two bars for each bin."""
    found = shares(picture)
    most = max(max(r, w) for _, r, w in found) or 1.0
    room = (WIDTH - LEFT - RIGHT) / len(found)
    high = HEIGHT - TOP - BOTTOM
    ground = TOP + high
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            f' font-family="sans-serif" font-size="11" fill="{INK}">'
        ),
        f"<title>{escape(picture.subject)}: reference and window</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="13">{escape(picture.subject)}</text>',
        _key(WIDTH - 190, REFERENCE, f"reference ({sum(picture.reference):,})"),
        _key(WIDTH - 190, WINDOW, f"window ({sum(picture.window):,})", down=13),
        f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{most:.0%}</text>',
        f'<text x="{LEFT - 6}" y="{ground}" text-anchor="end">0</text>',
        f'<line x1="{LEFT}" y1="{ground}" x2="{WIDTH - RIGHT}" y2="{ground}" stroke="{INK}"/>',
    ]
    for place, (name, reference, window) in enumerate(found):
        x = LEFT + place * room
        parts += [
            _bar(x + room * 0.1, room * 0.38, high * reference / most, ground, REFERENCE),
            _bar(x + room * 0.52, room * 0.38, high * window / most, ground, WINDOW),
            (
                f'<text transform="translate({x + room / 2:.1f} {ground + 10}) rotate(35)"'
                f' font-size="9">{escape(name[:16])}</text>'
            ),
        ]
    return "\n".join([*parts, "</svg>\n"])


def _bar(x: float, width: float, height: float, ground: float, colour: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{ground - height:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}" fill="{colour}"/>'
    )


def _key(x: float, colour: str, text: str, *, down: int = 0) -> str:
    return (
        f'<rect x="{x}" y="{6 + down}" width="9" height="9" fill="{colour}"/>'
        f'<text x="{x + 14}" y="{14 + down}">{escape(text)}</text>'
    )
