"""What one turn of the event loop writes is sent in one piece, in its order, and never lost."""

from __future__ import annotations

import asyncio

import pytest

from order_sync.partners.sftp_transport import Batching, BatchingConnector


class Recorder(asyncio.Transport):
    """A transport that notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[object] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.calls.append(bytes(data))

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")


def test_one_piece_a_turn() -> None:
    async def work() -> list[object]:
        transport = Batching(recorder := Recorder())
        for data in (b"one ", bytearray(b"two "), memoryview(b"three")):
            transport.write(data)
        assert recorder.calls == []
        await asyncio.sleep(0)
        transport.write(b"four")
        await asyncio.sleep(0)
        return recorder.calls

    assert asyncio.run(work()) == [b"one two three", b"four"]


@pytest.mark.parametrize(("end", "calls"), [("close", [b"last words", "close"]), ("abort", ["abort"])])
def test_end(end: str, calls: list[object]) -> None:
    async def work() -> list[object]:
        transport = Batching(recorder := Recorder())
        transport.write(b"last ")
        transport.write(b"words")
        getattr(transport, end)()
        await asyncio.sleep(0)
        return recorder.calls

    assert asyncio.run(work()) == calls


def test_protocol_over_a_real_connection() -> None:
    class Client(asyncio.Protocol):
        def __init__(self) -> None:
            self.received = b""
            self.over = asyncio.get_running_loop().create_future()

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert transport.get_extra_info("socket") is not None
            assert isinstance(transport, Batching)
            transport.write(b"hello ")
            transport.write(b"world")

        def data_received(self, data: bytes) -> None:
            self.received += data

        def connection_lost(self, exc: Exception | None) -> None:
            self.over.set_result(exc)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readexactly(11)).upper())
        writer.close()

    async def work() -> bytes:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            _, client = await BatchingConnector().create_connection(Client, "127.0.0.1", port)
            assert isinstance(client, Client)
            assert await client.over is None
            return client.received

    assert asyncio.run(work()) == b"HELLO WORLD"
