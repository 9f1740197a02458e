"""Pure: plans, the calendar of periods, proration, spreading, and the state machine."""
