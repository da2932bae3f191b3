"""Kill: SIGKILL at every boundary between two changes of the disk, and at random moments."""

from __future__ import annotations

import random

from drills import injector
from drills.injector import CHANGES, COUNTING, Effect, Fault
from drills.trials import Ground, Tally, chosen_writers, until_stopped

EFFECTS = (Effect.KILL_BEFORE, Effect.KILL_AFTER, Effect.KILL_TORN)


def run(ground: Ground, trials: int, seed: int, only: str = "") -> Tally:
    """Kill each writer in turn, its workers too, and judge what is left.

    Two of three trials kill at a counted call, so that with enough trials each boundary is hit;
    the third at a random moment of the time that the writer takes.
    """
    tally = Tally()
    writers = chosen_writers(only)
    chance = random.Random(seed)
    if not injector.is_loaded():
        tally.notes.append("killed at random moments only, as no faults can be injected here")
    for number in until_stopped(trials):
        writer = writers[number % len(writers)]
        expected = ground.expected(writer)
        calls = expected.calls.get(CHANGES, 0)
        folder = ground.copy(writer.scene)
        if calls and number // len(writers) % 3 < 2:
            # A step that shares no divisor with most counts, so that all places are visited.
            at = (number // len(writers) * 7 + chance.randrange(calls)) % calls + 1
            fault = Fault(chance.choice(EFFECTS), at=at)
            ended = ground.run(writer, folder, fault)
            how = f"{fault} of {calls}"
        else:
            after = chance.uniform(0, 1.05 * expected.seconds)
            ended = ground.run(writer, folder, COUNTING, kill_after=after)
            how = f"killed after {after:.4f} s"
        losses, named = ground.judge(writer, folder, ended, chance)
        tally.named += named
        tally.add(writer.name, ended.code is None, losses, how)
    return tally
