"""What the papers say beside a run, the folders of runs, and the gallery."""

from emolib.reporting.gallery import gallery_table, make_gallery
from emolib.reporting.notebooks import check_answer, show_source
from emolib.reporting.printed import load_reported, load_section
from emolib.reporting.save import save_report
from emolib.reporting.tables import compare_table, to_markdown

__all__ = [
    "check_answer", "compare_table", "gallery_table", "load_reported", "load_section",
    "make_gallery", "save_report", "show_source", "to_markdown",
]  # fmt: skip
