"""A network of the tests' own between daemon and broker, that can be cut in the middle of a packet."""

import random
import socket
import struct
import threading
from contextlib import suppress

NO_LINGER = struct.pack("ii", 1, 0)
"""A socket closed so sends a reset: what was on its way is gone."""


class Proxy:
    """Passes bytes on to `port`; `cut` passes on only a part of what comes next, then breaks every connection."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._target = port
        self._chance = chance
        self._cutting = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.cuts = 0
        self._start(self._accept)

    def cut(self) -> None:
        """Break the connection within the next bytes from the broker."""
        self._cutting.set()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._break()
        for thread in self._threads:
            thread.join(10)

    def _start(self, target, *arguments) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()
                continue
            self._open += [near, far]
            self._start(self._pass_on, near, far, False)
            self._start(self._pass_on, far, near, True)

    def _pass_on(self, source: socket.socket, target: socket.socket, from_broker: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if from_broker and self._cutting.is_set():
                    self._cutting.clear()
                    self.cuts += 1
                    target.sendall(data[: self._chance.randrange(len(data))])
                    break
                target.sendall(data)
        self._break(source, target)

    def _break(self, *sockets: socket.socket) -> None:
        for one in sockets or tuple(self._open):
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                one.shutdown(socket.SHUT_RD)  # wakes who reads; closing alone does not
            one.close()
