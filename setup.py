"""What pyproject.toml cannot say: the saved queries, which stand beside the library, are part of the package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["glue_jobs*"]), "glue_jobs.queries"],
    package_dir={"glue_jobs.queries": "queries"},
)
