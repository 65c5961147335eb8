"""Finds block sizes for a program on this machine, and writes them as a spec."""
