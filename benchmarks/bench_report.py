"""The report of a year of one-minute bars: seconds to write, size, and time to first paint in headless Chromium.

    python benchmarks/bench_report.py [--repeat 5] [--browser /usr/bin/chromium]

The bars are generated; `ema_cross` makes thousands of trades of them. Writing is timed inside the process,
from the finished run folder to the file. Paint and frame times need Chromium and Playwright, and are skipped without.
A frame is one step of a scripted zoom and pan over all bars, from the event to the end of its painting task.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STRATEGY = Path(__file__).parent.parent / "strategies" / "ema_cross.yaml"
BARS = 525_600
LIMITS = {"write, s": 3.0, "size, MB": 15.0, "first paint, s": 1.5}
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

FRAMES = """async () => {
  const canvas = document.querySelector('#plot canvas'), box = canvas.getBoundingClientRect(), frames = [];
  canvas.focus();
  const key = (name) => () => canvas.dispatchEvent(new KeyboardEvent('keydown', { key: name }));
  const wheel = (deltaY, x) => () => canvas.dispatchEvent(new WheelEvent('wheel',
    { deltaY, clientX: box.left + x, clientY: box.top + 200, bubbles: true, cancelable: true }));
  const step = async (act) => {
    const begun = performance.now();
    act();
    await new Promise((done) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage(0);
    }));
    frames.push(performance.now() - begun);
  };
  for (const [times, act] of [[1, key('0')], [60, wheel(-60, 500)], [40, key('ArrowRight')], [60, wheel(60, 700)]])
    for (let k = 0; k < times; k++) await step(act);
  return frames.slice(1);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("chromium-browser"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder), given.repeat, given.browser)
    for name, value in found.items():
        limit = f"   (at most {LIMITS[name]:g})" if name in LIMITS else ""
        print(f"{name:<22} {value:>8.2f}{limit}")


def run(folder: Path, repeat: int, browser: str | None) -> dict[str, float]:
    environment = {**os.environ, "FLASHC_DATA": str(folder / "data"), "FLASHC_CACHE": str(folder / "cache")}
    os.environ.update(environment)
    flashc = [sys.executable, "-m", "flashc"]
    for command in (
        ["data", "synth", "--name", "year", "--seed", "1", "--bars", str(BARS)],
        ["backtest", str(STRATEGY), "--data", "year", "--out", str(folder / "runs")],
    ):
        subprocess.run([*flashc, *command], env=environment, check=True, stdout=subprocess.DEVNULL)
    page = folder / "report.html"
    found = written(folder, page, repeat)
    if browser is None or importlib.util.find_spec("playwright") is None:
        print("no Chromium or no Playwright: paint and frames are skipped")
        return found
    return found | seen(page, browser, repeat)


def written(folder: Path, page: Path, repeat: int) -> dict[str, float]:
    from flashc.runtime.market_data.tapes.file import open_tape
    from flashc.runtime.report.page import write_report
    from flashc.runtime.report.series import Chart, bars_of_tape

    tape = open_tape(next((folder / "cache" / "tapes").iterdir()))
    stream, run_folder = tape.streams[0], next((folder / "runs").iterdir())
    seconds, size = [], 0
    for _ in range(repeat + 1):
        begun = time.perf_counter()
        decimals = stream.price_decimals, stream.qty_decimals
        bars = bars_of_tape(tape.records, 0, stream.symbol, *decimals, stream.period_ns)
        size = write_report(run_folder, page, Chart([bars]))
        seconds.append(time.perf_counter() - begun)
    return {"write, s": statistics.median(seconds[1:]), "size, MB": size / 1e6}


def seen(page: Path, browser: str, repeat: int) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    paints, ready, frames = [], [], []
    with sync_playwright() as playwright:
        for _ in range(repeat):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
                context = playwright.chromium.launch_persistent_context(profile, executable_path=browser, args=FLAGS)
                tab = context.new_page()
                tab.goto(page.as_uri())
                tab.wait_for_selector("html[data-ready=yes]", state="attached")
                ready.append(tab.evaluate("performance.now()"))
                paints.append(tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
                frames += tab.evaluate(FRAMES)
                context.close()
    frames.sort()
    return {
        "first paint, s": statistics.median(paints) / 1000,
        "all drawn, s": statistics.median(ready) / 1000,
        "frame, median ms": statistics.median(frames),
        "frame, 95 % ms": frames[int(0.95 * len(frames))],
    }


if __name__ == "__main__":
    main()
