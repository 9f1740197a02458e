"""The garbage collector of a process that serves for long.

The collector finds cycles by walking what is alive. Code, routes and models are alive until the process ends, some
hundred thousand objects; requests in flight are a few thousand. By its defaults a process under load walked all of them
again and again: that took half of the time of a heartbeat. So what there is once a process has started is put aside,
and rounds are begun by fifty thousand new objects, some ten megabytes, instead of seven hundred. Whatever is in no
cycle, which is nearly everything, is freed as before the moment that nothing holds it.

Source: https://docs.python.org/3/library/gc.html#gc.freeze
"""

from __future__ import annotations

import gc
from typing import Final

NEW_OBJECTS: Final = 50_000
"""How many more objects were made than freed when a round over the new ones begins."""
_ROUNDS: Final = 10
"""After how many rounds of a generation the next older one has its own. Python's default."""


def settle() -> None:
    """Put what is alive now aside for good and let rounds be rarer; called once, when the process has started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, _ROUNDS, _ROUNDS)
