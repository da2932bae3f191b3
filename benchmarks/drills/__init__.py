"""Drills: what a command leaves behind when it is killed or its disk fails; what leaks.

    injector    faults at the n-th system call, by faults.c
    scenes      small invented archives that trials begin from
    writers     the table of commands and forms that write: a new one joins by a row
    trials      one trial: a scene is copied, a command suffers a fault, the invariants are judged
    invariants  what must hold after any fault
    kill, full_disk, failing_io, bit_flips     the drills that harm
    leak, leak_*  the drill that harms nothing: what is hidden changes no answer

`python benchmarks/drill.py kill --trials 100 --seed 1` runs one.
"""
