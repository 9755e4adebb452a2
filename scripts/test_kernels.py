"""Run the tests that compare floats with each OpenBLAS kernel that this processor supports.

The kernel determines the summation order of a matrix product, and thus its last bits; no test may depend on it. Two
more runs use a single thread, and a baseline processor, on which numpy and numba use no newer features. Arguments are
passed to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
KERNELS: Final = ("SapphireRapids", "Cooperlake", "SkylakeX", "Zen", "Haswell", "Sandybridge", "Nehalem", "Prescott",
                  "NEOVERSEN1", "NEOVERSEV1", "CORTEXA57", "ARMV8")  # fmt: skip
NUMERIC: Final = (
    "tests/unit/test_project*.py",
    "tests/unit/test_cluster*.py",
    "tests/unit/test_insights_*.py",
    "tests/unit/test_emit_*.py",
    "tests/unit/test_embed_*.py",
    "tests/unit/test_stage_*.py",
    "tests/unit/test_site_bytes.py",
    "tests/contract/test_continued_map.py",
    "tests/contract/test_embed_golden.py",
    "tests/contract/test_embed_models.py",
)
WHICH_KERNEL: Final = """
import numpy, scipy.linalg, threadpoolctl
numpy.ones((300, 300), numpy.float32) @ numpy.ones((300, 300), numpy.float32)
print(sorted({library["architecture"] for library in threadpoolctl.threadpool_info() if "architecture" in library}))
"""
NEW_FEATURES: Final = """
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
print(*(name for name in __cpu_dispatch__ if __cpu_features__.get(name)))
"""


def main() -> int:
    tests = [str(path) for pattern in NUMERIC for path in sorted(ROOT.glob(pattern))]
    failed = []
    for name, variables in settings().items():
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", *sys.argv[1:], *tests]
        if subprocess.run(command, env=os.environ | variables, cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(f"Failed with: {', '.join(failed)}." if failed else "All passed with every kernel.")
    return 1 if failed else 0


def settings() -> dict[str, dict[str, str]]:
    """Return the configurations to test: a display name, and environment variables."""
    found: dict[str, dict[str, str]] = {}
    seen = set()
    for kernel in KERNELS:
        variables = {"OPENBLAS_CORETYPE": kernel}
        running = asked(WHICH_KERNEL, variables)
        # With a kernel that the processor lacks, the program crashes or uses another kernel, which is already listed.
        if running and running not in seen:
            seen.add(running)
            found[f"{kernel}, which is {running}"] = variables
    found["a single thread"] = {"OPENBLAS_NUM_THREADS": "1"}
    plain = {"NPY_DISABLE_CPU_FEATURES": asked(NEW_FEATURES, {}), "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    found["a plain processor"] = plain
    return found


def asked(program: str, variables: dict[str, str]) -> str:
    """Return the output of a Python program; nothing if it fails."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main())
