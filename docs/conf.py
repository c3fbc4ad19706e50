"""Sphinx configuration: ``python -m sphinx -W -b html docs docs/_build/html``."""

import sys
from pathlib import Path

import skgru

sys.path.insert(0, str(Path(__file__).parent))

project = "skgru"
author = "The skgru developers"
copyright = "2026, the skgru developers"
release = version = skgru.__version__
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "_ext.accessibility",
    "_ext.gallery_ids",
    "_ext.imports",
    "_ext.live",
    "_ext.mathml",
    "_ext.measured",
    "_ext.parameters",
    "_ext.shapes",
]
exclude_patterns = ["_build", "_templates", "auto_examples/**/*.ipynb"]
templates_path = ["_templates"]
default_role = "literal"
add_module_names = False
autosummary_generate = True
# Methods whose texts are scikit-learn's own; pages name them and leave the rest to its reference.
autosummary_context = {
    "from_scikit_learn": {
        *("get_metadata_routing", "get_params", "set_callbacks", "set_output", "set_params"),
        *(
            f"set_{name}_request"
            for name in ("fit", "partial_fit", "predict", "score", "transform")
        ),
    }
}
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "skgru"
html_static_path = ["_static"]
html_css_files = ["skgru.css"]
html_show_sourcelink = False
html_sidebars = {
    page: [] for page in ("index", "getting_started", "mathematics", "genindex", "search")
}
html_theme_options = {
    "logo": {"text": "skgru"},
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "show_nav_level": 1,
    "header_links_before_dropdown": 5,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}

# Scripts named plot_* run in the build. The two others in examples/ are programs of their own.
extensions.append("sphinx_gallery.gen_gallery")
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "ignore_pattern": r"(quickstart|neighbours)\.py",
    "subsection_order": [
        f"../examples/{name}" for name in ("forecasting", "recognition", "sequences_out", "inside")
    ],
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "doc_module": ("skgru",),
    "backreferences_dir": "api/generated/gallery",
    "image_srcset": ["2x"],
    "show_memory": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "reset_modules_order": "both",  # the style of a page ends with it
}
