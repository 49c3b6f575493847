"""The portal: where signed-in people do their duty. Today the identity stewards, who settle doubtful matches.

Hides accounts, second steps, sessions and the table of who may do what (`permissions.csv`). Never keeps a value of anybody's record: what a
page shows of one is asked of its room at that moment, under the ledger, and goes into no address, session, log line or cache.
"""
