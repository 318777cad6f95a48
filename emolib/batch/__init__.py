"""One notebook and one config become one run folder, all or nothing.

Names and types of parameters are checked before anything is started. The notebook
writes its report into a folder aside, which is renamed into place when the whole
notebook has run; success is a ``run.json`` that says so, never what the notebook's
metadata say, because those call a dead kernel's cells completed.
"""

from emolib.batch.failures import RunError
from emolib.batch.jobs import Job, expand_job, has_units, plan_job, prepare_job
from emolib.batch.runner import open_notebook, run_notebook

__all__ = [
    "Job",
    "RunError",
    "expand_job",
    "has_units",
    "open_notebook",
    "plan_job",
    "prepare_job",
    "run_notebook",
]
