"""What the service and an engine say to each other survives any cutting of the bytes."""

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.runs.events import EncodedEvent
from domain.runs.request import BacktestRequest, normalise
from service.execution.frames import (
    Batch,
    Command,
    Done,
    Execute,
    Ready,
    Reply,
    ReplyParser,
    Stop,
    pack,
    read_command,
)
from tests.service.execution.running import request_of

EVENTS = st.builds(EncodedEvent, st.text(max_size=9), st.binary(), st.none() | st.binary())
REPLIES = st.just(Ready()) | st.just(Done()) | st.builds(Batch, st.lists(EVENTS, max_size=4))
REQUEST: BacktestRequest = normalise(request_of())


@given(st.lists(REPLIES, max_size=8), st.data())
def test_replies_arrive_whole_however_the_bytes_are_cut(
    replies: list[Reply], data: st.DataObject
) -> None:
    sent = b"".join([pack(reply) for reply in replies])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=20)))
    parser = ReplyParser()
    arrived = [
        reply
        for start, end in pairwise([0, *cuts, len(sent)])
        for reply in parser.feed(sent[start:end])
    ]
    assert arrived == replies


def test_a_reply_is_given_with_its_last_byte_and_not_before() -> None:
    sent = pack(Batch([EncodedEvent("log", b"{}")]))
    parser = ReplyParser()
    assert [parser.feed(sent[at : at + 1]) for at in range(len(sent) - 1)] == [[]] * (len(sent) - 1)
    assert parser.feed(sent[-1:]) == [Batch([EncodedEvent("log", b"{}")])]


def test_commands_are_read_one_by_one_to_the_end() -> None:
    commands: list[Command] = [Execute("a", REQUEST), Stop("a"), Execute("b", REQUEST)]
    stream = io.BytesIO(b"".join([pack(command) for command in commands]))
    assert [read_command(stream) for _ in range(4)] == [*commands, None]


@pytest.mark.parametrize("sent", [0, 3, 4, 5, -1])
def test_a_command_that_breaks_off_is_the_end(sent: int) -> None:
    assert read_command(io.BytesIO(pack(Execute("a", REQUEST))[:sent])) is None
