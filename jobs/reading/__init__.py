"""What customers give, read into rows."""
