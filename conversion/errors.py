"""What can go wrong with a conversion. Knows no HTTP; `config/errors.py` says how each is answered."""
