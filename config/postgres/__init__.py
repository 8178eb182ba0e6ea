"""Django's PostgreSQL, not waited for while it is away; named in settings.DATABASES."""
