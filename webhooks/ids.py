"""The ids of endpoints, events and deliveries as they are shown: a prefix, and a ULID of the same bits."""

from api.ids import new_uuid as new
from api.ids import read, shown

__all__ = ["DELIVERY", "ENDPOINT", "EVENT", "new", "read", "shown"]

ENDPOINT = "whe_"
EVENT = "evt_"
DELIVERY = "whd_"
