"""What the calls of this app take and give."""
