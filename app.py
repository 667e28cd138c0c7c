"""The planner's app: page config and navigation, nothing else."""

from pathlib import Path

import streamlit as st

from layoutplan.labels import label
from layoutplan.ui import drafts
from layoutplan.ui.session import open_session, resume

lang = open_session(Path(__file__).parent)
st.set_page_config(page_title=label("ui.title", lang), page_icon="🏫", layout="wide")
page = st.navigation(
    [
        st.Page("pages/overview.py", title=label("ui.page.overview", lang), default=True),
        st.Page("pages/demand.py", title=label("ui.page.demand", lang)),
        st.Page("pages/findings.py", title=label("ui.page.findings", lang)),
        st.Page("pages/site.py", title=label("ui.page.site", lang)),
        st.Page("pages/closures.py", title=label("ui.page.closures", lang)),
        st.Page("pages/plans.py", title=label("ui.page.plans", lang)),
        st.Page("pages/optimise.py", title=label("ui.page.optimise", lang)),
        st.Page("pages/ledger.py", title=label("ui.page.ledger", lang)),
        st.Page("pages/outputs.py", title=label("ui.page.outputs", lang)),
        st.Page("pages/data.py", title=label("ui.page.data", lang)),
    ],
    position="top",
)
resume()
drafts.follow(page.url_path)
page.run()
