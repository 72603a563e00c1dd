"""How long a start takes: ``make run`` on a folder that has been run before, until a page answers.

The ratio is to a process that only imports the application, in the same run. Promised: 5 seconds
on a machine that does nothing else; exit code 1 when it takes longer.
"""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROMISED = 5.0  # seconds
TURNS = 3
PATIENCE = 600.0  # seconds; the first start makes a demo community


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _start(environ: dict[str, str], port: int, log: Path) -> float:
    """Seconds of one start; the portal is stopped afterwards. RuntimeError when it ends early."""
    begun = time.perf_counter()
    with log.open("wb") as output:
        portal = subprocess.Popen(
            ["make", "--no-print-directory", "run"],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        while not _answers(port):
            if portal.poll() is not None or time.perf_counter() - begun > PATIENCE:
                raise RuntimeError(log.read_text())
            time.sleep(0.02)
        return time.perf_counter() - begun
    finally:
        if portal.poll() is None:
            portal.send_signal(signal.SIGTERM)
            portal.wait(60)


def _import() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import portal.app"], cwd=ROOT, check=True)
    return time.perf_counter() - begun


def main() -> int:
    """Measure and print; 1 when the promise is broken."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        kept = {key: value for key, value in os.environ.items() if key != "PORTAL_DATABASE_URL"}
        environ = {**kept, "PORTAL_VAR": folder + "/var", "PORTAL_PORT": str(port)}
        log = Path(folder) / "run.log"
        first = _start(environ, port, log)
        again = statistics.median(_start(environ, port, log) for _turn in range(TURNS))
    base = statistics.median(_import() for _turn in range(TURNS))
    kept_word = "ok" if again <= PROMISED else "BROKEN"
    print("start of the portal until a page answers; ratios to importing the application")
    for name, seconds in (("import", base), ("first, with the demo", first), ("again", again)):
        print(f"  {name:24}{seconds:7.2f} s{seconds / base:7.1f} ×")
    print(f"promised: again in at most {PROMISED:.0f} s: {kept_word}")
    return 0 if again <= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main())
