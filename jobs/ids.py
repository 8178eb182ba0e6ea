"""The ids of jobs as they are shown: `job_` and the 26 characters of a ULID of the same bits."""

from functools import partial

from api import ids

PREFIX = "job_"
new = ids.new_uuid
shown = partial(ids.shown, PREFIX)
read = partial(ids.read, PREFIX)
