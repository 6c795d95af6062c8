"""The picture of a run: CPU time a request of each server, on a logarithmic axis, as SVG."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.running import Line
from benchmarks.variants import BY_HAND, OURS

_WIDTH, _LABELS, _RIGHT, _ROW, _HEAD = 860, 190, 90, 24, 46
# In a batch of few requests the system's clock, of 10 ms, may not have moved at all.
_LEAST = 0.01
_STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .title { font-weight: 600; font-size: 15px } .axis { fill: #6e7781; font-size: 11px }
    .grid { stroke: #d0d7de } .hand { stroke: #0969da; stroke-dasharray: 4 3 }
    .bar { stroke: #afb8c1; stroke-width: 2 } .dot { fill: #6e7781 }
    .ours { fill: #cf222e } text.ours { font-weight: 600 }
    .value { paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
"""


def picture(panels: Mapping[str, Sequence[Line]]) -> str:
    """An SVG with a panel for each of `panels`, by its title: a line of dots for each variant."""
    values = [max(line.figures.cpu, _LEAST) for lines in panels.values() for line in lines]
    lowest = 10 ** math.floor(math.log10(min(values)))
    highest = max(10 ** math.ceil(math.log10(max(values))), 10 * lowest)
    parts: list[str] = []
    top = 10
    for title, lines in panels.items():
        parts += _panel(title, lines, top, lowest, highest)
        top += _HEAD + _ROW * len(lines) + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}" '
        f'role="img" aria-label="CPU time of a request"><style>{_STYLE}</style>'
        f'<rect width="{_WIDTH}" height="{top}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _panel(title: str, lines: Sequence[Line], top: int, lowest: float, highest: float) -> list[str]:
    def x(value: float) -> float:
        share = math.log10(max(value, _LEAST) / lowest) / math.log10(highest / lowest)
        return round(_LABELS + share * (_WIDTH - _LABELS - _RIGHT), 1)

    bottom = top + _HEAD + _ROW * len(lines)
    parts = [f'<text class="title" x="10" y="{top + 18}">{escape(title)}</text>']
    tick = lowest
    while tick <= highest * 1.001:
        parts.append(f'<line class="grid" x1="{x(tick)}" x2="{x(tick)}" y1="{top + 32}" y2="{bottom}"/>')
        parts.append(f'<text class="axis" x="{x(tick)}" y="{bottom + 14}" text-anchor="middle">{tick:g} ms</text>')
        tick *= 10
    by_hand = next((line.figures.cpu for line in lines if line.variant == BY_HAND), None)
    if by_hand is not None:
        parts.append(f'<line class="hand" x1="{x(by_hand)}" x2="{x(by_hand)}" y1="{top + 32}" y2="{bottom}"/>')
    for place, line in enumerate(sorted(lines, key=lambda each: each.figures.cpu)):
        y = top + _HEAD + _ROW * place
        at, cpu = x(line.figures.cpu), line.figures.cpu
        kind = "ours" if line.variant.startswith(OURS) else "dot"
        ratio = f" ({cpu / by_hand:.2f}×)" if by_hand else ""
        parts.append(
            f'<text class="{kind}" x="{_LABELS - 10}" y="{y + 4}" text-anchor="end">{escape(line.variant)}</text>'
            f'<line class="bar" x1="{_LABELS}" x2="{at}" y1="{y}" y2="{y}"/>'
            f'<circle class="{kind}" cx="{at}" cy="{y}" r="5"/>'
            f'<text class="value" x="{at + 10}" y="{y + 4}">{cpu:.2f}{ratio}</text>'
        )
    return parts
