"""What goes between the service and the process of a version."""

import io

from rollbook.serving import frames
from rollbook.serving.frames import Kind


def test_frames_are_read_as_they_were_written() -> None:
    sent = [(Kind.ASKED, 7, frames.asked("id", b"body")), (Kind.ANSWERED, 2**32 - 1, b"")]
    source = io.BytesIO(b"".join(frames.packed(*frame) for frame in sent))
    assert [frames.read(source), frames.read(source), frames.read(source)] == [*sent, None]


def test_a_frame_that_is_cut_off_is_the_end() -> None:
    whole = frames.packed(Kind.ASKED, 1, b"payload")
    for size in range(len(whole)):
        assert frames.read(io.BytesIO(whole[:size])) is None


def test_a_request_keeps_its_id_whatever_it_is() -> None:
    for identity in ("", "ü", "x" * 900):
        assert frames.unasked(frames.asked(identity, b"\x00body")) == (identity, b"\x00body")
