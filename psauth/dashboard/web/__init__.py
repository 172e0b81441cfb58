"""Web: what stands in front of Streamlit."""
