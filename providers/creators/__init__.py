"""Amazon's Creators API, for Associates: products in 20 marketplaces, off until its licence is accepted."""
