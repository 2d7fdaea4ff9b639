"""The real programs that the tests talk to: one module each, one small class each.

Nothing here knows pytest; ``tests/conftest.py`` turns the classes into fixtures.
"""
