"""Outside parties that say how risky something is. None of them decides, and nothing waits for them for long."""
