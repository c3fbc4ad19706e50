"""Sphinx configuration."""

import skgru

project = "skgru"
author = "The skgru developers"
copyright = "2026, the skgru developers"
release = skgru.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "numpydoc",
]
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False
html_theme = "pydata_sphinx_theme"
default_role = "literal"
exclude_patterns = ["_build"]
