"""For workers that a test starts: what is noted there is written when the process ends, and not before."""

from api import batches

batches.EVERY_SECONDS = 3600.0
