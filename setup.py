"""What pyproject.toml can't say: all packages that are found, and one more that lies elsewhere.

Without the folder of schemas among the packages, setuptools leaves it out of the wheel in silence.
"""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["importer*"]), "importer.schemas"])
