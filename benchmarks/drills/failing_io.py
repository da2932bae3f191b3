"""Failing input and output: the n-th write, sync, rename, ... fails, or is torn."""

from __future__ import annotations

import errno
import random
from collections.abc import Mapping

from drills import injector
from drills.injector import Call, Effect, Fault
from drills.trials import Ground, Tally, chosen_writers, until_stopped

ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT)


def run(ground: Ground, trials: int, seed: int, only: str = "") -> Tally:
    """Have one call of each writer fail, in turn of the kinds of calls, and judge what is left."""
    tally = Tally()
    if not injector.is_loaded():
        tally.notes.append("left out: no faults can be injected here")
        return tally
    writers = chosen_writers(only)
    chance = random.Random(seed)
    for number in until_stopped(trials):
        writer = writers[number % len(writers)]
        calls = ground.expected(writer).calls
        kinds = [kind for kind in Call if calls.get(kind)]
        if not kinds:
            tally.add(writer.name, False, (), "it calls nothing")
            continue
        fault = _fault(kinds[number // len(writers) % len(kinds)], calls, chance)
        folder = ground.copy(writer.scene)
        ended = ground.run(writer, folder, fault)
        losses, named = ground.judge(writer, folder, ended, chance, fault)
        place = ended.victim.removeprefix(f"{folder}/")
        # A history file's name may be lost, not its lines: the next run gives it the name again.
        is_name_of_history = place.startswith("archive/.history/") and place.endswith("/")
        is_kept = place.startswith("archive/") and not is_name_of_history
        if fault.calls == Call.SYNC and ended.code == 0 and is_kept:
            losses.append("a sync that failed was passed over")
        tally.named += named
        tally.add(writer.name, ended.injected > 0, losses, f"{fault} ({place})")
    return tally


def _fault(kind: Call, calls: Mapping[Call, int], chance: random.Random) -> Fault:
    effect = Effect.FAIL
    if kind is Call.WRITE:
        effect = chance.choice((Effect.FAIL, Effect.FAIL_TORN, Effect.KILL_TORN))
    at = chance.randint(1, calls[kind])
    return Fault(effect, kind, at, errno.EIO if kind is Call.OPEN else chance.choice(ERRORS))
