"""One reader per corpus: files in, `Recording` objects out. Formats, nothing else.

See README.md in this folder for licences, where to ask, and the folder each reader
expects.
"""
