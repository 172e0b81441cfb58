"""Order: in which order steps stand below each other: the template's where it is known, else that which most runs go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def usual_order(steps: Sequence[str], counts: Mapping[tuple[str, str], float]) -> list[str]:
    """The steps in an order in which little goes back (Eades, Lin and Smyth): what mostly comes out of others is last.

    Steps that neither follow another nor come before one have no place among the rest, and stand below it.
    """
    weight = {pair: count for pair, count in counts.items() if pair[0] != pair[1]}
    tied = {step for pair in weight for step in pair}
    left = [step for step in dict.fromkeys(steps) if step in tied]
    alone = [step for step in dict.fromkeys(steps) if step not in tied]
    first: list[str] = []
    last: list[str] = []
    while left:
        among = {step: [0.0, 0.0] for step in left}
        for (source, target), count in weight.items():
            if source in among and target in among:
                among[source][0] += count
                among[target][1] += count
        sinks = [step for step in left if among[step][0] == 0 and among[step][1] > 0]
        sources = [step for step in left if among[step][1] == 0]
        if sinks:
            last[:0] = sinks[-1:]
            left.remove(sinks[-1])
        else:
            best = sources[0] if sources else max(left, key=lambda step: among[step][0] - among[step][1])
            first.append(best)
            left.remove(best)
    return first + last + alone


def with_places(known: Mapping[str, float], steps: Sequence[str], counts: Mapping[tuple[str, str], float]) -> list[str]:
    """The steps by their known places; one without stands behind the step that it mostly follows."""
    if not known:
        return usual_order(steps, counts)
    places = dict(known)
    for step in usual_order([s for s in steps if s not in known], counts):
        before = {source: count for (source, target), count in counts.items() if target == step and source in places}
        places[step] = places[max(before, key=lambda s: before[s])] + 0.5 if before else max(places.values()) + 0.5
    return sorted(steps, key=lambda step: places[step])
