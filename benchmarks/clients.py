"""Sessions without a browser: clients that speak to the app over its websocket as a browser would, and draw nothing.

A browser on the same cores takes many times what the server does for it. These clients send what a browser sends
(choices, where a pin is) and read every message, so that what is timed is the server alone.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

WHOLE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
STAGES = ("小学", "初中")
KEY = re.compile(r"^\$\$ID-[0-9a-f]{32}-(.+)$")


@dataclass
class Run:
    """One run of the script: from the message that asked for it to its end [s], and what came back [byte]."""

    seconds: float
    received: int


@dataclass
class Client:
    """One session; ``widgets`` is what it would report of itself, by id."""

    wire: ClientConnection
    page: str = ""
    path: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    fragments: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    widgets: dict[str, WidgetState] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    state: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    async def open(cls, address: str, path: str = "") -> Client:
        wire = await connect(
            f"{address.replace('http', 'ws', 1)}/_stcore/stream", subprotocols=["streamlit"], max_size=None,  # type: ignore[list-item]
            proxy=None, ping_interval=None,
        )  # fmt: skip
        client = cls(wire, path=path)
        await client.run()
        return client

    async def close(self) -> None:
        await self.wire.close()

    # ---- what a reader does ------------------------------------------------------------------
    async def choose(self, key: str, value: str) -> Run:
        """Choose one value of a row of buttons or a slider above the page."""
        self.widgets[key] = WidgetState(id=self.ids[key])
        self.widgets[key].string_array_value.data.append(value)
        return await self.run()

    async def drag(self, key: str, site: str, at: tuple[float, float], *, live: bool) -> Run:
        """Report where a pin is; only the part of the page around the map runs."""
        held = self.state.setdefault(key, {})
        seq = held.get("moved", {}).get("seq", 0) + 1
        held["moved"] = {"seq": seq, "id": site, "places": {site: at}, "live": live}
        return await self._report(key)

    async def _report(self, key: str) -> Run:
        self.widgets[key] = WidgetState(id=self.ids[key], json_value=json.dumps(self.state[key]))
        return await self.run(self.fragments[key])

    # ---- the wire ----------------------------------------------------------------------------
    async def run(self, fragment: str = "") -> Run:
        """Ask for a run and read until it has ended."""
        begin, received = time.perf_counter(), 0
        await self._ask(fragment)
        while True:
            data = await self.wire.recv()
            received += len(data)
            message = ForwardMsg.FromString(data)  # type: ignore[arg-type]
            self._note(message)
            if message.WhichOneof("type") == "script_finished" and message.script_finished in WHOLE:
                break
        return Run(time.perf_counter() - begin, received)

    async def _ask(self, fragment: str) -> None:
        asked = BackMsg()
        asked.rerun_script.page_script_hash = self.page
        asked.rerun_script.page_name = "" if self.page else self.path
        asked.rerun_script.fragment_id = fragment
        asked.rerun_script.cached_message_hashes.extend(self.cached)
        asked.rerun_script.widget_states.widgets.extend(self.widgets.values())
        await self.wire.send(asked.SerializeToString())

    def _note(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.page = message.new_session.page_script_hash
        if message.metadata.cacheable:
            self.cached.add(message.hash)
        if kind != "delta" or message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        drawn = getattr(element, element.WhichOneof("type"))
        named = KEY.match(getattr(drawn, "id", "") or "")
        if named is None:
            return
        key = named[1]
        self.ids[key], self.fragments[key] = drawn.id, message.delta.fragment_id
        if element.WhichOneof("type") == "slider":
            self.options[key] = list(drawn.options)


# ---- many at once --------------------------------------------------------------------------
async def thinking(clients: list[Client], actions: int, seed: int = 1) -> list[float]:
    """Let every client choose a stage or a year every two to five seconds; return what each run took [s]."""

    async def one(at: int) -> list[float]:
        chance, taken = random.Random(f"{seed}/{at}"), []
        await asyncio.sleep(chance.uniform(0, 5))
        for _ in range(actions):
            taken.append((await act(clients[at], chance)).seconds)
            await asyncio.sleep(chance.uniform(2, 5))
        return taken

    return [each for some in await asyncio.gather(*(one(at) for at in range(len(clients)))) for each in some]


async def at_once(clients: list[Client], rounds: int) -> list[float]:
    """Let every client choose the other stage at the same instant, again and again; return what each run took [s]."""
    taken: list[float] = []
    for turn in range(rounds):
        runs = await asyncio.gather(*(client.choose("stage", STAGES[1 - turn % 2]) for client in clients))
        taken += [run.seconds for run in runs]
    return taken


async def act(client: Client, chance: random.Random) -> Run:
    """Choose a stage or a year, whichever."""
    if chance.random() < 0.3:
        return await client.choose("stage", chance.choice(STAGES))
    return await client.choose("year", chance.choice(client.options["year"]))


def at_percent(values: list[float], percent: float) -> float:
    """Return the value that ``percent`` of the values do not exceed."""
    return sorted(values)[round(percent / 100 * (len(values) - 1))]
