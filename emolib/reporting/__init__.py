"""Run folders, paper-versus-ours tables, provenance, the ledger and the gallery."""

from emolib.reporting.comparison import compare_runs
from emolib.reporting.declared import declared_outputs
from emolib.reporting.gallery import gallery_note, gallery_table, make_gallery
from emolib.reporting.ledger import ledger
from emolib.reporting.markdown import to_markdown
from emolib.reporting.marks import SURROGATE
from emolib.reporting.places import project_root, reports_folder
from emolib.reporting.provenance import provenance
from emolib.reporting.reading import check_answer, show_source
from emolib.reporting.runs import finished_runs, read_run
from emolib.reporting.save import save_report
from emolib.reporting.tables import compare_table

__all__ = [
    "SURROGATE",
    "check_answer",
    "compare_runs",
    "compare_table",
    "declared_outputs",
    "finished_runs",
    "gallery_note",
    "gallery_table",
    "ledger",
    "make_gallery",
    "project_root",
    "provenance",
    "read_run",
    "reports_folder",
    "save_report",
    "show_source",
    "to_markdown",
]
