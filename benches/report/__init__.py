"""Runs the benchmarks of all languages in rounds, and writes what came of them."""
