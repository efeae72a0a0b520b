"""Text of others is read on a terminal, and never obeyed by it."""

import pytest

from service.cli.plain import plain, spelled_out


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a price of 5 € in 東京, 100 % [red]sure[/red]",) * 2,
        ("two\nlines\tand a tab",) * 2,
        ("1\N{NO-BREAK SPACE}000",) * 2,
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31mred\x7f", r"\x9b31mred\x7f"),
        ("over\rwritten\x08", r"over\rwritten\x08"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}txt.exe", r"\u202etxt.exe"),
        ("\udcff.py", r"\udcff.py"),
    ],
)
def test_what_steers_a_terminal_is_spelled_out(written: str, shown: str) -> None:
    assert spelled_out(written) == shown
    assert plain(written).plain == shown
