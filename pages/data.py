"""Data: the layers of the county with their dates, and what should be looked at."""

from layoutplan.ui import bar, layers, session

lang = session.enter("pages/data.py")
result = session.plan(lang)
bar.top_bar(result, lang)
layers.draw(result, lang)
