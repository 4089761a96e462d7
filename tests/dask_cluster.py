"""A Dask cluster of two workers in processes of their own, one of which is killed midway.

    python -m tests.dask_cluster

Prints the scheduler's address, then, once two chunks are done, the number of the process that it
has killed, and ends with its standard input.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

DONE = 2  # chunks, then a worker is lost


def main() -> None:
    from distributed import LocalCluster
    from distributed.diagnostics.plugin import SchedulerPlugin

    class Killer(SchedulerPlugin):  # type: ignore[misc]
        """Kills a worker that has a chunk to do, when others are done."""

        name = "killer"

        def __init__(self, cluster: Any) -> None:
            self.cluster = cluster
            self.done = 0
            self.killed = False

        def transition(self, key: Any, start: str, finish: str, *args: Any, **more: Any) -> None:
            self.done += finish == "memory"
            if self.done >= DONE and finish == "processing" and not self.killed:
                self.killed = True
                on = self.cluster.scheduler.tasks[key].processing_on.address
                (nanny,) = [n for n in self.cluster.workers.values() if n.worker_address == on]
                os.kill(nanny.pid, signal.SIGKILL)
                print(nanny.pid, flush=True)

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        cluster.scheduler.add_plugin(Killer(cluster))
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
