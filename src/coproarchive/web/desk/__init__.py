"""The desk: pages on which those who keep the archive correct, hide, undo and look after it.

Plain server-rendered pages, complete without script. Every act is a POST of a form, and one call of
coproarchive.desk; routes.py has the table of all pages and acts, and asks of each who may.
"""
