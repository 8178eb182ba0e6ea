"""The one signal of the project: whoever grants the welcome listens; accounts need not know who that is."""

from django.dispatch import Signal

# Sent inside the transaction that opens the account, with `user` and `mailbox` (see
# accounts.emails.mailbox_of). What a listener raises undoes the sign-up.
user_signed_up = Signal()
