"""A process of the service's whose service is gone."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.execution.frames import read_body

ENGINE = ["service.execution.worker", "{folder}", "fail", "0"]
LOADER = ["service.strategies.loading", "{folder}", "0"]


@pytest.mark.parametrize("gone_first", ["stdin", "stdout"])
@pytest.mark.parametrize("module", [ENGINE, LOADER], ids=["engine", "loader"])
def test_a_process_that_nobody_listens_to_goes_without_a_word(
    tmp_path: Path, module: list[str], gone_first: str
) -> None:
    commands_read, commands_write = os.pipe()
    replies_read, replies_write = os.pipe()
    os.close(commands_write if gone_first == "stdin" else replies_read)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", *(part.format(folder=tmp_path) for part in module)],
        stdin=commands_read,
        stdout=replies_write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(commands_read)
    os.close(replies_write)
    _, complaints = process.communicate(timeout=60)
    os.close(replies_read if gone_first == "stdin" else commands_write)
    assert (process.returncode, complaints) == (0, "")


def test_a_conversation_that_was_reset_is_at_its_end() -> None:
    ours, its = socket.socketpair()
    its.sendall(b"left unread")
    ours.close()
    with its, its.makefile("rb") as stream:
        assert read_body(stream) is None
