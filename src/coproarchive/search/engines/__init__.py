"""Search engines behind one seam: `memory` is the meaning, `whoosh` the embedded default."""
