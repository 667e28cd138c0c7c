"""The only Streamlit code of the package."""
