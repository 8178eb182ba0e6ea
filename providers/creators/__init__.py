"""Amazon's Creators API for its Associates: products in 20 marketplaces, off until its licence is accepted."""
