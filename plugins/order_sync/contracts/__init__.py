"""What partners send and take: typed shapes and odd rules, one module per partner."""
