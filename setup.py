"""What pyproject.toml can't say: all packages that are found, one more that lies elsewhere, and the C code.

Without the folder of schemas among the packages, setuptools leaves it out of the wheel in silence.

The extension holds the hot loops of the recompression. It is optional: without a C compiler the package
installs and works all the same, with the pure Python form. It keeps to the stable ABI, so one wheel
serves every Python from 3.11 on.
"""

from pathlib import Path

from setuptools import Extension, find_packages, setup

FOLDER = "importer/recompression/engines/native"

setup(
    packages=[*find_packages(include=["importer*", "blobfix"]), "importer.schemas"],
    ext_modules=[
        Extension(
            "importer.recompression.engines.native._deflate",
            sources=[f"{FOLDER}/_deflate.c"],
            depends=sorted(map(str, Path(FOLDER).glob("*.h"))),
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
