"""The app under a planner's hand and under many: time to a page, drag to repaint, reruns of many sessions, memory.

Run ``python benchmarks/app.py [COUNTY] [--clients 20] [--sessions 20] [--drags 12]`` on a machine with nothing else to
do; it needs Playwright and a Chromium. ``--clients`` are sessions without a browser, which time the server alone: first
each chooses a stage or a year every two to five seconds, as people do, then all choose the other stage at the same
instant. ``--sessions`` are pages in a browser that all choose at once, measured from the choice to the page at rest;
the browser's work for them is in the figure. ``--large`` does the same on a county of 2,000 places and 50,880 pieces of
road, made up on the spot. Nothing is asserted: the figures are printed as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import clients
from large_county import write_large

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
REST = '.stApp[data-test-script-state="notRunning"]'
PAINTED = "() => { const r = document.querySelector('.planmap'), m = r.planmap; return +r.dataset.painted >= m.seq }"
WAIT_MS = 300_000


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("county", nargs="?", type=Path, default=ROOT / "data" / "gis")
    given.add_argument("--large", action="store_true", help="a county of 2,000 places, made up on the spot")
    given.add_argument("--clients", type=int, default=20, help="sessions without a browser; 0 leaves them out")
    given.add_argument("--sessions", type=int, default=20, help="sessions in a browser; 0 leaves them out")
    given.add_argument("--drags", type=int, default=12)
    given.add_argument("--rounds", type=int, default=5)
    asked = given.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tools:
        county = write_large(Path(folder) / "large") if asked.large else asked.county.resolve()
        server, address = serve(county, Path(folder) / "log")
        browser = tools.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            figures = {"cold_start_s": first_page(browser, address)}
            figures |= interactive(browser, address) | drags(browser, address, asked.drags)
            if asked.clients:
                # Playwright keeps a loop of its own in this thread.
                with ThreadPoolExecutor(1) as aside:
                    figures |= aside.submit(
                        asyncio.run, crowd(address, server.pid, asked.clients, asked.rounds)
                    ).result()
                figures["clients_memory_mb"] = memory_mb(server.pid)
            if asked.sessions:
                figures |= sessions(browser, address, asked.sessions, asked.rounds)
            figures["server_memory_mb"] = memory_mb(server.pid)
            print(json.dumps(figures, indent=1))
        finally:
            browser.close()
            server.terminate()
            server.wait(20)


def serve(county: Path, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port), "--server.headless", "true"]
    pinned = {"OMP_NUM_THREADS": "1", "LAYOUTPLAN_COUNTY": str(county), "PYTHONPATH": str(ROOT / "src")}
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=ROOT, env={**os.environ, **pinned}, stdout=out, stderr=out
        )
    for _ in range(600):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
            return server, f"http://127.0.0.1:{port}"
        time.sleep(0.1)
    raise SystemExit(log.read_text("utf-8"))


def opened(browser: Any, address: str, received: list[int] | None = None) -> Any:
    """Open a page; the size of every message it receives goes into ``received``."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    if received is not None:
        page.on("websocket", lambda wire: wire.on("framereceived", lambda frame: received.append(len(frame))))
    page.goto(address)
    page.wait_for_selector(".planmap[data-ready]", timeout=WAIT_MS)
    page.wait_for_selector(REST, timeout=WAIT_MS)
    return page


def first_page(browser: Any, address: str) -> float:
    begin = time.perf_counter()
    opened(browser, address).context.close()
    return round(time.perf_counter() - begin, 1)


def interactive(browser: Any, address: str) -> dict[str, float]:
    """Time a fresh visitor's overview on a server that has read the county."""
    taken, received = [], []
    for _ in range(3):
        received.clear()
        begin = time.perf_counter()
        opened(browser, address, received).context.close()
        taken.append(time.perf_counter() - begin)
    return {"interactive_s": round(statistics.median(taken), 2), "page_kb": round(sum(received) / 1000)}


def drags(browser: Any, address: str, count: int) -> dict[str, float]:
    received: list[int] = []
    page = opened(browser, f"{address}/site", received)
    page.locator('[data-site="site-1"]').wait_for(timeout=WAIT_MS)
    lags, live, held_s = [], 0, 0.0
    for turn in range(count + 1):
        page.wait_for_selector(REST, timeout=WAIT_MS)
        page.wait_for_timeout(300)
        box = page.locator('[data-site="site-1"]').bounding_box()
        x, y, way = box["x"] + 15, box["y"] + 20, 1 if turn % 2 else -1
        if turn == 1:  # the first one opens what all others share
            received.clear()
            lags.clear()
        page.mouse.move(x, y)
        page.mouse.down()
        before, since = updates(page), time.perf_counter()
        for step in range(1, 13):
            page.mouse.move(x + way * 5 * step, y + way * 3 * step)
            page.wait_for_timeout(25)
        live += updates(page) - before
        held_s += time.perf_counter() - since
        page.mouse.up()
        page.wait_for_function(PAINTED, timeout=WAIT_MS)
        lags.append(float(page.locator(".planmap").first.get_attribute("data-lag-ms")))
    page.context.close()
    return {
        "drag_median_ms": statistics.median(lags),
        "drag_p95_ms": clients.at_percent(lags, 95),
        "drag_updates_per_s": round(live / held_s, 1),
        "drag_largest_message_kb": round(max(received) / 1000, 1),
    }


def updates(page: Any) -> int:
    """Return how many answers the map has painted so far."""
    return int(page.locator(".planmap").first.get_attribute("data-updates") or 0)


async def crowd(address: str, pid: int, count: int, rounds: int) -> dict[str, float]:
    """Time sessions without a browser: as people use the app, then all at the same instant."""
    crowd = [await clients.Client.open(address) for _ in range(count)]
    figures: dict[str, float] = {"clients": count}
    for name, runs in (
        ("thinking", lambda: clients.thinking(crowd, 2 * rounds)),
        ("at_once", lambda: clients.at_once(crowd, rounds)),
    ):
        begin = processor_s(pid)
        taken = await runs()
        figures[f"{name}_median_s"] = round(clients.at_percent(taken, 50), 3)
        figures[f"{name}_p95_s"] = round(clients.at_percent(taken, 95), 3)
        figures[f"{name}_server_cpu_ms"] = round(1000 * (processor_s(pid) - begin) / len(taken), 1)
    for client in crowd:
        await client.close()
    return figures


def processor_s(pid: int) -> float:
    """Return the processor time of the server so far [s]; Linux only."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return float("nan")


def sessions(browser: Any, address: str, count: int, rounds: int) -> dict[str, float]:
    pages = [opened(browser, address) for _ in range(count)]
    taken: list[float] = []
    for turn in range(rounds + 1):
        begin = time.perf_counter()
        for page in pages:  # the first two buttons of choice are the stages
            page.get_by_role("radio").nth(1 - turn % 2).click(force=True)
        page_left = list(pages)
        while page_left:
            for page in list(page_left):
                if page.locator(REST).count():
                    if turn:  # the first round works out what all others share
                        taken.append(time.perf_counter() - begin)
                    page_left.remove(page)
    for page in pages:
        page.context.close()
    taken.sort()
    p95 = taken[round(0.95 * (len(taken) - 1))]
    return {"sessions": count, "rerun_median_s": round(statistics.median(taken), 2), "rerun_p95_s": round(p95, 2)}


def memory_mb(pid: int) -> float:
    """Return what the server holds in memory [MB]; Linux only."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
            if line.startswith("VmRSS"):
                return round(int(line.split()[1]) / 1000)
    return float("nan")


if __name__ == "__main__":
    main()
