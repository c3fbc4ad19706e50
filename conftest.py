"""Doctests of what draws need matplotlib."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("matplotlib") else ["skgru/inspection/*_display.py"]
