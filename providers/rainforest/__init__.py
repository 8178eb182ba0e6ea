"""Rainforest API and ASIN Data API (Traject Data): Amazon's pages, read while we wait, paid by the credit."""
