"""Where a form may lead: to pages of this site and to none other."""

from __future__ import annotations

import pytest

from vibestream.web.pages.forms import local_path


@pytest.mark.parametrize("wish", ["/", "/wallet", "/releases/1?play=1#songs", "/a%2f%2fevil.example"])
def test_a_path_of_this_site_is_followed(wish: str):
    assert local_path(wish) == wish


@pytest.mark.parametrize(
    "wish",
    [
        *(
            "",
            "wallet",
            "https://evil.example/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
        ),
        *("javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "http:///wallet", "/" + "a" * 3_000),
        "data:text/html,hello",
    ],
)
def test_anything_else_leads_home(wish: str):
    assert local_path(wish) == "/"
