"""The `opensearch` engine: the index lies on an OpenSearch cluster, which many servers share.

One machine gains nothing by it: it is for an archive that does not fit one machine, or must
survive losing one. OpenSearch analyses nothing and its statistics are not used: terms and
positions are those of language/analysis.py, scores those of language/ranking.py.

    cluster.py    the connection: retries, and what an error means for the keeper
    mapping.py    how a document is written
    queries.py    from a query tree to OpenSearch's queries
    commit.py     the commit document: which rows a reader sees
    snapshot.py   reading
    engine.py     writing
    lease.py      the lock that all machines share
    storage.py    generations behind an alias
"""
