"""Every change of the engine's rows, one compare-and-set function each; nothing else writes them.

A worker's functions take the run as it claimed it and check its fence; where the claim is gone, or the database, they
raise Unwind, and the run goes on with whoever claims it next. People's functions take ids, are safe to call twice
and leave an audit line. All join the caller's transaction.

Lock order, wherever more than one row is locked: parent run, run, its steps, its events; queue, its messages;
schedule, its firings.
"""
