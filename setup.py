"""Maps the four top-level folders to ``transload.<folder>``; everything else stands in pyproject.toml.

The folders are real and top-level, but their bare names are taken by other
distributions, so they are installed below ``transload``.  The links in
``src/transload`` let editors and type checkers see the same tree.
"""

from setuptools import find_namespace_packages, setup

ROOTS = ("adapters", "canonical", "mappings", "runner")
FOUND = [f"{root}.{package}" for root in ROOTS for package in find_namespace_packages(root, exclude=["*__pycache__*"])]
PACKAGES = ["transload", *(f"transload.{package}" for package in (*ROOTS, *FOUND))]

setup(
    package_dir={"transload": "src/transload", **{f"transload.{root}": root for root in ROOTS}},
    packages=PACKAGES,
    # guides, mappings, schemas and the files of the demo lie beside the code
    package_data={package: ["*"] for package in PACKAGES},
)
