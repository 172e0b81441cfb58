"""What `streamlit run app.py` gets: the pages, the routes beside them, and the guard in front of both."""

import streamlit as st

from psauth.dashboard.guard import middleware
from psauth.dashboard.problems import on_script_error
from psauth.dashboard.routes import routes

app = st.App("psauth/dashboard/main.py", routes=routes(), middleware=middleware(), on_script_error=on_script_error)
