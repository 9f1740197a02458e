"""Values and pure decisions. Money is integers here; probabilities and features live in `statistics`."""
