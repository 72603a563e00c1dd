"""The virtual environment of the rivals: made once, and again when its requirements change."""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv-bench"
REQUIREMENTS = ROOT / "requirements-bench.txt"


def python() -> str:
    """The interpreter of the environment, with everything installed, hashes checked."""
    program, stamp = VENV / "bin" / "python", VENV / ".stamp"
    value = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not (program.exists() and stamp.exists() and stamp.read_text() == value):
        print(f"-- {VENV.name}: {REQUIREMENTS.name}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        install = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", REQUIREMENTS]
        subprocess.run([program, *install], check=True)
        stamp.write_text(value)
    return str(program)
