"""An audit event is never changed or deleted: the database refuses it, whoever asks."""

from django.db import migrations

FORBID = """
CREATE FUNCTION accounts_auditevent_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER accounts_auditevent_append_only BEFORE UPDATE OR DELETE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION accounts_auditevent_is_append_only();
"""
ALLOW = """
DROP TRIGGER accounts_auditevent_append_only ON accounts_auditevent;
DROP FUNCTION accounts_auditevent_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_accounts")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
