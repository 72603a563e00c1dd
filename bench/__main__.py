"""``make bench``: every measurement, one after another, each in a process of its own."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run all ``bench_*`` modules; 1 if one of them failed."""
    failed = 0
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"== {file.stem}", flush=True)
        failed |= subprocess.run(
            [sys.executable, "-m", f"bench.{file.stem}"], check=False
        ).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
