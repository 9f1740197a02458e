"""Pure values every context speaks: money, ids, time, errors, events. Standard library only, but for what is learned (trees)."""
