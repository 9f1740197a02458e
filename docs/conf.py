"""How the documentation is built: MyST Markdown by Sphinx, in Furo; every warning is an error.

The reference is written first, from the code, into `docs/reference`, which git ignores.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tools import reference  # noqa: E402 - it is beside the documentation, not installed

reference.write_all(HERE / "reference")

project = "VibeStream"
author = "the VibeStream contributors"
copyright = "the VibeStream contributors, GPL-3.0-or-later"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "VibeStream"
html_show_copyright = False
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
suppress_warnings: list[str] = []
