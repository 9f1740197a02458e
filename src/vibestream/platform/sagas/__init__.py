"""Sagas: processes of several steps, some of them outside the database, that end either done or undone.

    forward:      step 1 -> step 2 -> step 3 -> completed
                                |  refused
    compensating:  undo 1 <-----+                -> compensated

One row per saga says where it stands; one job per step moves it on. What is promised:

* A step inside our database (`Local`) takes its effect exactly once: effect and progress are one transaction.
* A step outside (`Outside`) is called at least once, always with the same idempotency key. What its outcome is, when the
  call was cut off, is found out by asking the other side with that key, never by guessing.
* A step whose time has not come says so (`NotYet`) and is taken at that instant.
* Only a refusal begins compensation. A broken connection, a full disk or a defect is tried again, for ever if need be.
* Compensation never gives up: what cannot be undone now is tried again with growing pauses, and somebody is told.
"""

from vibestream.platform.sagas.definition import Call, Local, Outside, Saga, declare, declared_sagas
from vibestream.platform.sagas.engine import start
from vibestream.platform.sagas.outcomes import NotSent, NotYet, Refused
from vibestream.platform.sagas.store import Standing, State, find

__all__ = [
    "Call",
    "Local",
    "NotSent",
    "NotYet",
    "Outside",
    "Refused",
    "Saga",
    "Standing",
    "State",
    "declare",
    "declared_sagas",
    "find",
    "start",
]
