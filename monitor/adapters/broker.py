"""Where a home without an MQTT broker, and the demo, get one: an amqtt child process on 127.0.0.1."""

import importlib.util
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, NamedTuple

from monitor.errors import BrokerError

HOST = "127.0.0.1"
"""Loopback only: anybody on this machine may connect, nobody else."""

START_TIMEOUT = timedelta(seconds=30)
"""amqtt imports in about 0.4 s on a server; a Raspberry Pi under load may need many times that."""

STOP_TIMEOUT = timedelta(seconds=5)
"""The child holds nothing that outlives it: after this it is killed."""


class BrokerAddress(NamedTuple):
    """Where a broker listens."""

    host: str
    port: int


@contextmanager
def embedded_broker(*, port: int = 0, start_timeout: timedelta = START_TIMEOUT) -> Iterator[BrokerAddress]:
    """A broker for the time of the block, accepting anonymous clients; port 0 takes a free one.

    It ends with the block, and also if this process dies (the child sees its standard input close).
    Sessions and retained messages live in its memory. Raises BrokerError if it cannot start.
    """
    if importlib.util.find_spec("amqtt") is None:
        msg = "the embedded broker needs amqtt; install the extra: bedroom-monitor[embedded]"
        raise BrokerError(msg, permanent=True)
    child = subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
        [sys.executable, "-m", "monitor.adapters.broker_process", "--host", HOST, "--port", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C is for the parent, which then ends the child in order
    )
    with child:
        try:
            yield BrokerAddress(HOST, _announced_port(child.stdout, start_timeout))
        finally:
            _end(child, STOP_TIMEOUT)


def _announced_port(answers: IO[str] | None, timeout: timedelta) -> int:
    """The port from the child's first line, `ready PORT`; BrokerError for anything else."""
    if answers is None:
        raise AssertionError("standard output is a pipe")
    deadline = time.monotonic() + timeout.total_seconds()
    if not select.select([answers], [], [], max(0.0, deadline - time.monotonic()))[0]:
        msg = f"the embedded broker did not start within {timeout.total_seconds():g} s"
        raise BrokerError(msg)
    word, _, rest = answers.readline().strip().partition(" ")
    if word != "ready":
        msg = f"the embedded broker did not start: {rest or 'it ended at once, without a reason'}"
        raise BrokerError(msg)
    return int(rest)


def _end(child: subprocess.Popen[str], patience: timedelta) -> None:
    """Ask by closing its input, after `patience` kill; the child is gone when this returns."""
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(patience.total_seconds())
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
