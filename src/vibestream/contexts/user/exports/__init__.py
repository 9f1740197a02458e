"""Exports: a person's copy of what is held of them, one signed file, kept for some days for them alone.

    waiting -> ready -> expired        waiting -> failed: it could not be made; they may ask again

What stands in it is told by the capabilities and collected by `flows/export_person.py`; here is who asked, the file's
format, its signature and who may fetch it.
"""
