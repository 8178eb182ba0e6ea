"""The laws of the ledger that a column constraint cannot say, as triggers: they hold whoever writes, however.

Each function names its law in the error (SQLSTATE class 23, so Django raises IntegrityError). Statement-level
triggers read only what the statement wrote and its neighbours in the index (wallet, id), so a charge costs
the same in a ledger of any length; docs/ledger.md has the figures. Sequential scans are off in them: a
session plans a function once, and a plan for a nearly empty ledger must not read all of it an hour later.
"""

from django.db import migrations

# An entry is never changed, deleted or truncated.
APPEND_ONLY = """
CREATE FUNCTION credits_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: % refused; correct by adding an entry', TG_OP
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;

CREATE TRIGGER credits_ledgerentry_no_change BEFORE UPDATE OR DELETE ON credits_ledgerentry
  FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER credits_ledgerentry_no_truncate BEFORE TRUNCATE ON credits_ledgerentry
  FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();
"""
APPEND_ONLY_REVERSE = """
DROP TRIGGER credits_ledgerentry_no_truncate ON credits_ledgerentry;
DROP TRIGGER credits_ledgerentry_no_change ON credits_ledgerentry;
DROP FUNCTION credits_refuse_change();
"""

# Balance = sum of entries, by induction: every new entry continues the one before it, and what follows it
# (the next entry or, at the end, the wallet itself) continues it. Entries and wallet must agree at the end of
# each statement, hence at every commit. A wallet that this transaction has not written is locked and looked
# at again, so that no entry of another transaction can slip in between the look and the commit.
BALANCE = """
CREATE OR REPLACE FUNCTION credits_check_entries() RETURNS trigger
  LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  is_broken boolean;
  is_ours boolean;
  is_locked boolean := false;
  charges bigint[];
  owing uuid[];
BEGIN
  LOOP
    SELECT
      bool_or(entry.balance_after - entry.amount <> coalesce(
          (SELECT previous.balance_after FROM credits_ledgerentry AS previous
            WHERE previous.wallet_id = entry.wallet_id AND previous.id < entry.id
            ORDER BY previous.id DESC LIMIT 1),
          0)
        OR entry.balance_after IS DISTINCT FROM coalesce(
          (SELECT next.balance_after - next.amount FROM credits_ledgerentry AS next
            WHERE next.wallet_id = entry.wallet_id AND next.id > entry.id
            ORDER BY next.id LIMIT 1),
          wallet.balance)),
      bool_and(wallet.xmin = pg_current_xact_id()::xid),
      array_agg(entry.charge_id) FILTER (WHERE entry.charge_id IS NOT NULL),
      array_agg(entry.wallet_id) FILTER (WHERE entry.receivable <> 0)
    INTO is_broken, is_ours, charges, owing
    FROM inserted AS entry LEFT JOIN credits_wallet AS wallet ON wallet.user_id = entry.wallet_id;
    EXIT WHEN is_broken IS NULL OR is_ours OR is_locked;
    PERFORM FROM credits_wallet WHERE user_id IN (SELECT wallet_id FROM inserted)
      ORDER BY user_id FOR NO KEY UPDATE;
    is_locked := true;
  END LOOP;
  IF is_broken THEN
    RAISE EXCEPTION 'an entry must continue the one before it and end at the balance of its wallet'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
  END IF;
  IF charges IS NOT NULL THEN
    PERFORM credits_check_refunds(charges);
  END IF;
  IF owing IS NOT NULL THEN
    PERFORM credits_check_receivable(owing);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION credits_check_refunds(charges bigint[]) RETURNS void
  LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF EXISTS (
    SELECT FROM credits_ledgerentry AS charge
      JOIN credits_ledgerentry AS refund ON refund.charge_id = charge.id
    WHERE charge.id = ANY (charges)
    GROUP BY charge.id
    HAVING charge.kind <> 'charge' OR sum(refund.amount) > -charge.amount
      OR bool_or(refund.wallet_id <> charge.wallet_id)
  ) THEN
    RAISE EXCEPTION 'refunds of a charge are no more than it took and go back to the wallet that paid'
      USING ERRCODE = 'integrity_constraint_violation',
        CONSTRAINT = 'credits_ledgerentry_refund_within_charge';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION credits_check_receivable(wallets uuid[]) RETURNS void
  LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF EXISTS (
    SELECT FROM credits_wallet AS wallet
    WHERE wallet.user_id = ANY (wallets) AND wallet.receivable <> coalesce(
      (SELECT sum(receivable) FROM credits_ledgerentry
        WHERE wallet_id = wallet.user_id AND NOT receivable = 0),
      0)
  ) THEN
    RAISE EXCEPTION 'the receivable of a wallet is the sum of what its entries added and paid off'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'credits_wallet_receivable_is_recorded';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION credits_check_wallets() RETURNS trigger
  LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  is_broken boolean;
  owing uuid[];
BEGIN
  SELECT
    bool_or(wallet.balance <> coalesce(former.balance, 0) AND wallet.balance IS DISTINCT FROM
      (SELECT balance_after FROM credits_ledgerentry
        WHERE wallet_id = wallet.user_id ORDER BY id DESC LIMIT 1)),
    array_agg(wallet.user_id) FILTER (WHERE wallet.receivable <> coalesce(former.receivable, 0))
  INTO is_broken, owing
  FROM changed AS wallet LEFT JOIN former USING (user_id);
  IF is_broken THEN
    RAISE EXCEPTION 'a balance moves only together with the entry that says why'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
  END IF;
  IF owing IS NOT NULL THEN
    PERFORM credits_check_receivable(owing);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION credits_check_new_wallets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed WHERE balance <> 0 OR held <> 0 OR receivable <> 0) THEN
    RAISE EXCEPTION 'a new wallet is empty'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;

"""
BALANCE_TRIGGERS = """
CREATE TRIGGER credits_ledgerentry_continues AFTER INSERT ON credits_ledgerentry
  REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION credits_check_entries();
CREATE TRIGGER credits_wallet_moves_with_entry AFTER UPDATE ON credits_wallet
  REFERENCING OLD TABLE AS former NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION credits_check_wallets();
CREATE TRIGGER credits_wallet_starts_empty AFTER INSERT ON credits_wallet
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION credits_check_new_wallets();
"""
BALANCE_REVERSE = """
DROP TRIGGER credits_wallet_starts_empty ON credits_wallet;
DROP TRIGGER credits_wallet_moves_with_entry ON credits_wallet;
DROP TRIGGER credits_ledgerentry_continues ON credits_ledgerentry;
DROP FUNCTION credits_check_new_wallets();
DROP FUNCTION credits_check_wallets();
DROP FUNCTION credits_check_entries();
DROP FUNCTION credits_check_receivable(uuid[]);
DROP FUNCTION credits_check_refunds(bigint[]);
"""

# A hold that has ended never changes again; it may be forgotten when nothing was captured. At every commit,
# what a wallet holds is the sum of what its open holds set aside (deferred, because wallet and hold may be
# written by two statements).
HOLDS = """
CREATE OR REPLACE FUNCTION credits_refuse_hold_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a hold ends exactly once, its terms never change, and it is kept while it means something'
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;

CREATE OR REPLACE FUNCTION credits_check_held() RETURNS trigger
  LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  wallet uuid;
BEGIN
  IF TG_TABLE_NAME = 'credits_wallet' THEN wallet := NEW.user_id; ELSE wallet := NEW.wallet_id; END IF;
  PERFORM FROM credits_wallet WHERE user_id = wallet AND xmin <> pg_current_xact_id()::xid FOR NO KEY UPDATE;
  IF (SELECT held FROM credits_wallet WHERE user_id = wallet) <> (
    SELECT coalesce(sum(amount - captured), 0) FROM credits_hold
    WHERE wallet_id = wallet AND status = 'open'
  ) THEN
    RAISE EXCEPTION 'what a wallet holds is the sum of its open holds'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;

"""
HOLDS_TRIGGERS = """
CREATE TRIGGER credits_hold_ends_once BEFORE UPDATE ON credits_hold FOR EACH ROW
  WHEN (OLD.status <> 'open' OR NEW.captured < OLD.captured
    OR (NEW.id, NEW.wallet_id, NEW.amount, NEW.key, NEW.cap, NEW.cap_window)
      IS DISTINCT FROM (OLD.id, OLD.wallet_id, OLD.amount, OLD.key, OLD.cap, OLD.cap_window))
  EXECUTE FUNCTION credits_refuse_hold_change();
CREATE TRIGGER credits_hold_is_kept BEFORE DELETE ON credits_hold FOR EACH ROW
  WHEN (OLD.status = 'open' OR OLD.captured > 0)
  EXECUTE FUNCTION credits_refuse_hold_change();
CREATE CONSTRAINT TRIGGER credits_hold_adds_up AFTER INSERT OR UPDATE ON credits_hold
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION credits_check_held();
CREATE CONSTRAINT TRIGGER credits_wallet_held_adds_up AFTER UPDATE ON credits_wallet
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.held <> NEW.held)
  EXECUTE FUNCTION credits_check_held();
"""
HOLDS_REVERSE = """
DROP TRIGGER credits_wallet_held_adds_up ON credits_wallet;
DROP TRIGGER credits_hold_adds_up ON credits_hold;
DROP TRIGGER credits_hold_is_kept ON credits_hold;
DROP TRIGGER credits_hold_ends_once ON credits_hold;
DROP FUNCTION credits_check_held();
DROP FUNCTION credits_refuse_hold_change();
"""

# A busy wallet is rewritten thousands of times a second: room in its page keeps those updates off the index
# (HOT).
ROOM = "ALTER TABLE credits_wallet SET (fillfactor = 50);"
ROOM_REVERSE = "ALTER TABLE credits_wallet RESET (fillfactor);"


class Migration(migrations.Migration):
    """Guard the tables of 0001."""

    dependencies = [("credits", "0001_ledger")]

    operations = [
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_REVERSE),
        migrations.RunSQL(BALANCE + BALANCE_TRIGGERS, BALANCE_REVERSE),
        migrations.RunSQL(HOLDS + HOLDS_TRIGGERS, HOLDS_REVERSE),
        migrations.RunSQL(ROOM, ROOM_REVERSE),
    ]
