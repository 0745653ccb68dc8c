"""The statistics in a process of their own: its memory and its crashes are not the daemon's."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass

from monitor.core.findings import AnalysisResult, AnalysisTask, result_from_dict, task_to_dict
from monitor.errors import AnalysisError

OUT_OF_MEMORY = ("MemoryError", "Unable to allocate", "failed to map segment", "Memory allocation")
"""What Python, numpy, the loader and the linear algebra say when there is no memory left."""

KEEP_LINES = 3
"""Lines of the child's complaint that are passed on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisProcess:
    """The analyst port; limits in seconds and MB (1e6 bytes of address space)."""

    timeout_s: float
    memory_mb: int

    def __call__(self, task: AnalysisTask) -> AnalysisResult:
        """Run the analysis; raises AnalysisError on a crash, a time-out or too little memory."""
        command = [sys.executable, "-P", "-m", "monitor.adapters.analysis_worker", str(self.memory_mb)]
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and module, nothing from outside
                command,
                input=json.dumps(task_to_dict(task)).encode(),
                capture_output=True,
                timeout=self.timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            raise AnalysisError(
                f"the analysis took longer than {self.timeout_s:g} s and was ended; raise analysis.timeout_s"
            ) from exc
        except OSError as exc:
            raise AnalysisError(
                f"the analysis process cannot be started ({exc.strerror}); is there memory left on this machine?"
            ) from exc
        if done.returncode != 0:
            raise AnalysisError(_failure(done.returncode, done.stderr.decode(errors="replace"), self.memory_mb))
        return result_from_dict(json.loads(done.stdout))


def _failure(code: int, complaint: str, memory_mb: int) -> str:
    if any(sign in complaint for sign in OUT_OF_MEMORY):
        return f"the analysis needed more than {memory_mb} MB; raise analysis.memory_mb"
    if code == -signal.SIGKILL:
        return "the analysis process was killed, most likely because this machine ran out of memory; end other programs"
    last = " | ".join(complaint.strip().splitlines()[-KEEP_LINES:]) or "no message"
    return f"the analysis process ended with code {code}: {last}"
