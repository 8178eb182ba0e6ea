"""Amazon's Selling Partner API: products, prices and the account's own FNSKUs, for sellers in one region."""
