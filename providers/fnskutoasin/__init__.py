"""fnskutoasin.com: the ASIN behind any seller's FNSKU, at times found out by hand and therefore later."""
