"""The public site: a reader of the releases folder. No database, no session, no cookie, no script, no key, no visitor remembered.

It cannot reach the rooms that hold records: it imports releases, the catalog and the floor, and nothing else.
"""
