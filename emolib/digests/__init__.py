"""Digests: what a value, a file or a piece of code is, as hexadecimal digits."""

from emolib.digests.code import (
    changed_since,
    check_unchanged,
    code_digests,
    library_versions,
    module_file,
    watch_imports,
)
from emolib.digests.files import hash_file, hash_files, write_whole
from emolib.digests.values import canonical, digest_of, plain

__all__ = [
    "canonical", "changed_since", "check_unchanged", "code_digests", "digest_of",
    "hash_file", "hash_files", "library_versions", "module_file", "plain",
    "watch_imports", "write_whole",
]  # fmt: skip
