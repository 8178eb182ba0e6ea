"""Keepa (keepa.com): products, prices and their history in 11 marketplaces, paid with tokens that refill."""
