"""Everything handed in, made behind the page: how far it is, the archive, and its cancelling."""

import io
import zipfile

from layoutplan.ui.everything import Making

_LONG_S = 120.0


def test_pieces_become_one_archive(result):
    making = Making(result, "en", pieces=("public", "run"))
    assert making.seconds_left is None
    making.start()
    assert making.wait(_LONG_S)
    assert (making.step.done, making.step.of, making.step.share) == (2, 2, 1.0)
    assert making.seconds_left == 0.0
    names = zipfile.ZipFile(io.BytesIO(making.archive)).namelist()
    assert {name.partition("/")[0] for name in names} == {"public", "run"}


def test_a_cancelled_one_ends_without_an_archive(result):
    making = Making(result, "en", pieces=("public", "run", "export"))
    making.cancel()
    making.start()
    assert making.wait(_LONG_S)
    assert making.step is None
    assert making.archive is None
    assert not making.broken
