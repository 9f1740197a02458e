"""Jobs: work for later, for elsewhere, or for every so often, on procrastinate's tables in the schema `jobs`.

A job is deferred in the transaction that wants it, runs outside any transaction, may run more than once (a worker can
be killed between the work and the note that it was done), and is never lost: see `worker.py`.
"""

from vibestream.platform.jobs.declare import Job, declared_jobs, job, periodic
from vibestream.platform.jobs.defer import Later, defer, defer_many

__all__ = ["Job", "Later", "declared_jobs", "defer", "defer_many", "job", "periodic"]
