"""Pure values every context speaks: money, ids, time, errors, events. Standard library only."""
