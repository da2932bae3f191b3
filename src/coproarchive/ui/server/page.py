"""The script that Streamlit runs; limits and theme are in .streamlit beside it."""

from __future__ import annotations

from coproarchive.ui.main import main

# Streamlit runs this file as __main__; a reading process that is spawned while it does imports it
# under another name, and must not run the page.
if __name__ == "__main__":
    main()
