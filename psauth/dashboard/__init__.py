"""The Streamlit app; the only folder, with app.py, that imports streamlit."""
