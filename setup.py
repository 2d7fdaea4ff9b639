"""The one thing that pyproject.toml can't say: the C form of the recompression's hot loops.

It is optional: without a C compiler the package installs and works all the same, with the pure Python
form. It keeps to the stable ABI, so one wheel serves every Python from 3.11 on.
"""

from setuptools import Extension, setup

FOLDER = "importer/recompression"

setup(
    ext_modules=[
        Extension(
            "importer.recompression._deflate",
            sources=[f"{FOLDER}/_deflate.c"],
            depends=[f"{FOLDER}/_deflate_common.h", f"{FOLDER}/_deflate_classic.h", f"{FOLDER}/_deflate_modern.h"],
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
