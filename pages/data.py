"""Data: the layers of the county with their dates, and what should be looked at."""

from layoutplan.ui import layers, session

lang = session.enter("pages/data.py")
result = session.plan(lang)
session.top_bar(result, lang)
layers.draw(result, lang)
