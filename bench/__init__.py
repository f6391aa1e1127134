"""Benchmarks: each against a baseline in the same run, told as a ratio. Never part of a test."""
