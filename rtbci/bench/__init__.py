"""Benchmarks: how fast it is here, beside a floor measured in the same minute."""
