"""One stream of log lines, whoever writes them."""

import asyncio
import logging
from pathlib import Path

import pytest
import structlog

from service.logs import REQUEST_ID, configure_logging, json_writer
from service.settings import Settings
from tests.service.log_capture import captured_log


def test_our_loggers_and_the_libraries_write_the_same_shape() -> None:
    with captured_log(Settings()) as log:
        token = REQUEST_ID.set("r1")
        structlog.get_logger().info("ours", run="a", count=2)
        logging.getLogger("some.library").warning("theirs: %s", "b")
        REQUEST_ID.reset(token)
    ours, theirs = log.records
    assert ours.pop("timestamp") <= theirs.pop("timestamp")
    assert ours == {"event": "ours", "level": "info", "run": "a", "count": 2, "request_id": "r1"}
    assert theirs == {
        "event": "theirs: b",
        "level": "warning",
        "logger": "some.library",
        "request_id": "r1",
    }


def test_an_exception_is_one_line_with_its_traceback_and_without_keys() -> None:
    with captured_log(Settings(api_keys=("s3cret",))) as log:
        try:
            raise ValueError("with s3cret inside")
        except ValueError:
            structlog.get_logger().exception("ours")
            logging.getLogger("library").exception("theirs")
    assert len(log.records) == 2
    for record in log.records:
        assert "ValueError: with [redacted] inside" in record["exception"]
        assert "test_logs.py" in record["exception"]
    assert "s3cret" not in log.text


def test_a_request_that_is_cut_off_by_the_stop_is_no_error() -> None:
    with captured_log(Settings()) as log:
        for error in (asyncio.CancelledError("the service stops"), RuntimeError("a bug")):
            logging.getLogger("uvicorn.error").error("Exception in application", exc_info=error)
    (record,) = log.records
    assert "a bug" in record["exception"]


def test_the_level_counts_for_both() -> None:
    with captured_log(Settings(log_level="warning")) as log:
        for logger in (structlog.get_logger(), logging.getLogger("library")):
            logger.info("quiet")
            logger.warning("loud")
    assert [record["event"] for record in log.records] == ["loud", "loud"]


def test_debug_is_ours_only() -> None:
    with captured_log(Settings(log_level="debug")) as log:
        for logger in (structlog.get_logger(), logging.getLogger("websockets.server")):
            logger.debug("detail")
    assert [record.get("logger") for record in log.records] == [None]


async def test_lines_that_are_written_together_keep_their_places() -> None:
    with captured_log(Settings()) as log:
        write = json_writer()
        assert write is not None
        write('{"event":"first"}')
        write('{"event":"second"}')
        assert log.text == ""
        structlog.get_logger().info("third")
        write('{"event":"fourth"}')
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert [record["event"] for record in log.records] == ["first", "second", "third", "fourth"]


def test_text_is_for_reading() -> None:
    with captured_log(Settings(log_format="text", api_keys=("s3cret",))) as log:
        structlog.get_logger().info("imported", symbol="AAPL", key="s3cret")
    [line] = log.text.splitlines()
    assert "imported" in line
    assert "symbol='AAPL'" in line
    assert "s3cret" not in line


def test_what_is_not_plain_data_is_written_as_text() -> None:
    with captured_log(Settings()) as log:
        structlog.get_logger().info("odd", value=object, items={1: {2}}, number=float("nan"))
    [record] = log.records
    assert record["value"] == "<class 'object'>"
    assert record["items"] == {"1": [2]}
    assert record["number"] is None


def test_a_log_that_cannot_be_written_breaks_nothing() -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 - to close it raises, too
    with captured_log(Settings()):
        configure_logging(Settings(), full)
        structlog.get_logger().info("ours is lost")
        logging.getLogger("library").error("theirs is lost, too")
    with pytest.raises(OSError, match="No space left"):
        full.close()
