"""dj-stripe's migrations, and one that sums them up; named in settings.MIGRATION_MODULES.

Its own files stay where they are and count as part of this package. So an install that stands between two of
them goes on where it stands, and whatever a newer dj-stripe adds is applied after the sum.
"""

from djstripe import migrations

__path__ = [*__path__, *migrations.__path__]
