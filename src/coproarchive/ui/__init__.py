"""The Streamlit pages: one module a page, thin over the library."""
