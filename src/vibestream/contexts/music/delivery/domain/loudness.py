"""How much louder or quieter a player makes a track so that all sound alike: ReplayGain's idea, streaming's target.

The audio itself is stored as the artist made it. Terms: *LUFS* is integrated loudness, *dBTP* true peak.
"""

from __future__ import annotations

from typing import Final

TARGET_LUFS: Final = -14.0
"""What music services aim for; AES TD1008 (2021) has it for the loudest track of an album."""
CEILING_DBTP: Final = -1.0
"""Raising stops here: lossy decoding overshoots the peaks of the master. Source: AES TD1008 (2021)."""
LOWEST_GAIN_DB: Final = -24.0
HIGHEST_GAIN_DB: Final = 12.0
"""What is this quiet is meant to be, or is noise."""


def playback_gain_db(*, loudness_lufs: float | None, true_peak_dbtp: float | None) -> float:
    """Return the gain in decibels, to two decimals, that brings a track to the target without its peak over the ceiling.

    Never raises a track whose peak is unknown, nor one that is already over the ceiling; 0 when the loudness is unknown
    (silence has none).
    """
    if loudness_lufs is None:
        return 0.0
    gain = TARGET_LUFS - loudness_lufs
    if gain > 0:
        room = 0.0 if true_peak_dbtp is None else max(0.0, CEILING_DBTP - true_peak_dbtp)
        gain = min(gain, room)
    return round(min(max(gain, LOWEST_GAIN_DB), HIGHEST_GAIN_DB), 2)
