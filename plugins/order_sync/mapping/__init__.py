"""Declarative mappings: load, validate, compile and apply the files of ``include/mappings``. Pure code."""
