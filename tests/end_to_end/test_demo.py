"""`backtape demo` shows the whole way."""

from tests.end_to_end.processes import backtape


def test_the_demo_shows_the_whole_way_and_exits_with_0() -> None:
    demo = backtape("demo")
    assert demo.returncode == 0, demo.stderr
    assert demo.stderr == ""
    shown = demo.stdout
    for words in ("201, run ", "connection broken on purpose", "none lost, none twice", "Metrics"):
        assert words in shown
    for words in ("sharpe_ratio", "The last 10 of ", "IBM", "The service has stopped"):
        assert words in shown
