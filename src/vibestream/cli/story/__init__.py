"""The main job told as a story, through the public HTTP API only: what `vibestream demo` runs."""
