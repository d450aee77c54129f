"""Runs serialised tensor programs on JAX, alone or as the engine of the backend `jax` of proxy-compression.

docs/program-format.md describes the files. Nothing is needed but jax and numpy.
"""
