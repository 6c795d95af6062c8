"""The picture of live votes: the time until the last listener knows a change, by how many listen, as SVG."""

import math
from collections.abc import Sequence
from html import escape

from benchmarks.live.figures import Line
from benchmarks.live.servers import GRAPHQL_WS, RAW
from benchmarks.variants import OURS, PLAIN

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 860, 420, 90, 150, 40, 50
_COLOURS = {OURS: "#cf222e", GRAPHQL_WS: "#0969da", PLAIN: "#8250df", RAW: "#6e7781"}
_STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .title { font-weight: 600; font-size: 15px } .axis { fill: #6e7781; font-size: 11px }
    .grid { stroke: #d0d7de } .curve { fill: none; stroke-width: 2 } .floor { stroke-dasharray: 4 3 }
    .name { font-weight: 600 }
"""
_LEAST = 0.1


def picture(lines: Sequence[Line]) -> str:
    """An SVG with a curve for each server, both axes logarithmic."""
    amounts = sorted({line.listeners for line in lines})
    times = [_ms(line) for line in lines]
    lowest, highest = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    highest = max(highest, lowest + 1)
    first, last = math.log10(amounts[0]), math.log10(amounts[-1])

    def x(amount: int) -> float:
        share = (math.log10(amount) - first) / (last - first) if last > first else 0.5
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(ms: float) -> float:
        share = (math.log10(ms) - lowest) / (highest - lowest)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)

    parts = ['<text class="title" x="10" y="20">A vote, until the last listener knows it</text>']
    for power in range(lowest, highest + 1):
        at = y(10**power)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text class="axis" x="{_LEFT - 8}" y="{at + 4}" text-anchor="end">{10.0**power:,g} ms</text>')
    for amount in amounts:
        parts.append(f'<text class="axis" x="{x(amount)}" y="{_HEIGHT - 28}" text-anchor="middle">{amount:,}</text>')
    parts.append(f'<text class="axis" x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 8}">listeners</text>')
    for variant in dict.fromkeys(line.variant for line in lines):
        those = [line for line in lines if line.variant == variant]
        points = [(x(line.listeners), y(_ms(line))) for line in sorted(those, key=lambda line: line.listeners)]
        parts += _curve(variant, points)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" aria-label="Time until the last listener knows a vote">'
        f'<style>{_STYLE}</style><rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _curve(variant: str, points: Sequence[tuple[float, float]]) -> list[str]:
    colour = _COLOURS[variant]
    kind = "curve floor" if variant == RAW else "curve"
    path = " ".join(f"{x},{y}" for x, y in points)
    x, y = points[-1]
    return [
        f'<polyline class="{kind}" stroke="{colour}" points="{path}"/>',
        *(f'<circle fill="{colour}" cx="{x}" cy="{y}" r="4"/>' for x, y in points),
        f'<text class="name" style="fill: {colour}" x="{x + 10}" y="{y + 4}">{escape(variant)}</text>',
    ]


def _ms(line: Line) -> float:
    return max(1000 * line.whole(50), _LEAST)
