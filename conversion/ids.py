"""The ids of conversions as they are shown: `cnv_` and the 26 characters of a ULID of the same bits."""

from functools import partial

from api import ids

PREFIX = "cnv_"
shown = partial(ids.shown, PREFIX)
read = partial(ids.read, PREFIX)
