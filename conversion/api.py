"""The calls about codes that are no ASINs yet."""
