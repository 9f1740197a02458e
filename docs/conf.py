"""How the documentation is built: MyST Markdown by Sphinx, in Furo; every warning is an error."""

project = "VibeStream"
author = "the VibeStream contributors"
copyright = "the VibeStream contributors, GPL-3.0-or-later"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "VibeStream"
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
suppress_warnings: list[str] = []
