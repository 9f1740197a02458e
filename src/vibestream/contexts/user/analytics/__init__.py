"""A listener's own figures: which songs on which day, and at which hour, counted only while they consent to it."""
