"""Prints the most memory, in KiB, that a process needs to export so many rows in such a format."""

import resource
import sys

from jobs.export import stream
from jobs.tests.results import HEAD, many

if __name__ == "__main__":
    for _piece in stream(sys.argv[1], many(int(sys.argv[2])), head=HEAD):
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
