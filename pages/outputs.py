"""Outputs: sheets, maps and tables of the plan in hand."""

from layoutplan.ui import bar, outputs, session

lang = session.enter("pages/outputs.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
outputs.draw(result, stage=stage, year=year, lang=lang)
