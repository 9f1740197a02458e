"""A statement as a document for people: A4, one or more pages.

All measures are whole points. The face is Inter (SIL Open Font License) in the scripts that its subset has; a character
it does not have is shown as a question mark, and stands unchanged in the other formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vibestream.contexts.payment.royalties.domain.formats import grouped, percent, waterfall
from vibestream.contexts.payment.royalties.domain.months import label
from vibestream.contexts.payment.royalties.domain.policy import EngineName
from vibestream.contexts.payment.royalties.domain.statements import Statement, StatementPart
from vibestream.kernel.money import Currency

if TYPE_CHECKING:
    from fpdf import FPDF

_FONTS: Final = Path(__file__).with_name("fonts")
_MARGIN: Final = 48
_WIDTH: Final = 595 - 2 * _MARGIN
_INK: Final = (28, 25, 23)
_SOFT: Final = (120, 113, 108)
_RULE: Final = (231, 229, 228)
_WASH: Final = (250, 247, 240)
_AMBER: Final = (180, 83, 9)
_ENGINES: Final = {EngineName.USER_CENTRIC: "by listener (user-centric)", EngineName.PRO_RATA: "by listens (pro-rata)"}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_COLUMNS: Final = (
    ("Track", 163),
    ("Heard in", 56),
    ("Share", 56),
    ("Counted", 80),
    ("By listens", 72),
    ("By listener", 72),
)
_ROW: Final = 20
_ADVANCE: Final = "not yet recouped"


def statement_pdf(statement: Statement, *, payee_name: str = "", sandbox: bool = False) -> bytes:
    """Return a statement as PDF.

    Args:
        statement: what it says.
        payee_name: whom it is for, in words; the id stands below it.
        sandbox: mark every page: this is not real money.
    """
    pdf = _document(statement, sandbox=sandbox)
    for part in statement.parts:
        _part_page(pdf, statement, part, payee_name)
        _lines(pdf, statement, part)
    if not statement.parts:
        pdf.add_page()
        _heading(pdf, statement, payee_name)
        _text(pdf, "Every run of this month was taken back, and no other has been made yet.", size=11)
    return bytes(pdf.output())


def _document(statement: Statement, *, sandbox: bool) -> FPDF:
    from fpdf import FPDF

    class Document(FPDF):
        """A4 in points, with a foot on every page."""

        def footer(self) -> None:
            self.set_y(-36)
            self.set_font("Inter", size=8)
            self.set_text_color(*_SOFT)
            mark = "SANDBOX - not real money  ·  " if sandbox else ""
            foot = f"{mark}VibeStream  ·  royalties of {label(statement.month)}  ·  page {self.page_no()} of {{nb}}"
            self.cell(_WIDTH, 12, foot, align="C")

    pdf = Document(unit="pt", format="A4")
    pdf.set_margins(_MARGIN, _MARGIN, _MARGIN)
    pdf.set_auto_page_break(auto=True, margin=60)
    pdf.add_font("Inter", "", _FONTS.joinpath("Inter-Regular.ttf"))
    pdf.add_font("Inter", "B", _FONTS.joinpath("Inter-SemiBold.ttf"))
    pdf.set_creation_date(statement.made_at)
    pdf.c_margin = 0
    pdf.set_title(f"Royalty statement {label(statement.month)}")
    pdf.set_creator("VibeStream")
    return pdf


def _heading(pdf: FPDF, statement: Statement, payee_name: str) -> None:
    _text(pdf, "VibeStream", size=11, bold=True, colour=_AMBER)
    month = f"{_MONTHS[statement.month.month - 1]} {statement.month.year}"
    pdf.ln(6)
    _text(pdf, f"Royalties, {month}", size=24, bold=True)
    pdf.ln(4)
    if payee_name:
        _text(pdf, payee_name, size=11)
    _text(pdf, f"Payee {statement.payee_id}", size=8, colour=_SOFT)
    pdf.ln(14)


def _part_page(pdf: FPDF, statement: Statement, part: StatementPart, payee_name: str) -> None:
    pdf.add_page()
    _heading(pdf, statement, payee_name)
    currency, share = part.run.currency, part.share.settlement
    top = pdf.get_y()
    pdf.set_fill_color(*_WASH)
    pdf.rect(_MARGIN, top, _WIDTH, 74, style="F", round_corners=True, corner_radius=8)
    pdf.set_xy(_MARGIN + 18, top + 14)
    _text(pdf, "Payable to you", size=9, colour=_SOFT)
    pdf.set_x(_MARGIN + 18)
    _text(pdf, f"{grouped(share.payable, currency)} {currency.code}", size=26, bold=True)
    pdf.set_y(top + 92)
    _section(pdf, "How it came to be")
    steps = waterfall(part)
    for number, (words, minor) in enumerate(steps):
        strong = number in {3, len(steps) - 1}
        _row(pdf, words, grouped(minor, currency), bold=strong)
    pdf.ln(16)
    _engines(pdf, part, currency)
    _have(pdf, statement, currency)
    _proof(pdf, part)


def _engines(pdf: FPDF, part: StatementPart, currency: Currency) -> None:
    _section(pdf, "Both ways of sharing, side by side")
    sums = {EngineName.USER_CENTRIC: part.share.user_centric, EngineName.PRO_RATA: part.share.pro_rata}
    most = max(*sums.values(), 1)
    for engine, minor in sums.items():
        pays = engine is part.run.engine
        top = pdf.get_y()
        pdf.set_fill_color(*_RULE)
        pdf.rect(_MARGIN + 170, top + 5, 220, 9, style="F", round_corners=True, corner_radius=4)
        length = 220 * minor // most
        if length:
            pdf.set_fill_color(*(_AMBER if pays else _SOFT))
            pdf.rect(_MARGIN + 170, top + 5, max(length, 8), 9, style="F", round_corners=True, corner_radius=4)
        _row(pdf, _ENGINES[engine][0].upper() + _ENGINES[engine][1:], grouped(minor, currency), bold=pays, rule=False)
    more = part.share.user_centric - part.share.pro_rata
    word = "more" if more >= 0 else "less"
    _text(
        pdf,
        f"By listener gives you {grouped(abs(more), currency)} {currency.code} {word} than by listens. "
        f"This month was paid {_ENGINES[part.run.engine]}.",
        size=8,
        colour=_SOFT,
    )
    pdf.ln(16)


def _have(pdf: FPDF, statement: Statement, currency: Currency) -> None:
    _section(pdf, f"What you have, on {statement.made_at:%Y-%m-%d}")
    for one in statement.balances:
        if one.currency == currency:
            _row(pdf, "Pending: may still be corrected or disputed", grouped(one.pending, currency))
            _row(pdf, "Available: can be paid out", grouped(one.available, currency))
            _row(pdf, "On its way to your bank", grouped(one.in_transit, currency))
            if one.advance:
                _row(pdf, f"Advance, {_ADVANCE}", grouped(one.advance, currency))
            if one.debt:
                _row(pdf, "Carried forward against you", grouped(-one.debt, currency))
    pdf.ln(16)


def _proof(pdf: FPDF, part: StatementPart) -> None:
    _text(
        pdf,
        f"Run {part.run.number} of {label(part.run.month)} in {part.run.currency.code}, policy {part.run.policy_version}, "
        f"ledger transaction {part.run.transaction_id}. The proof file of this statement shows, line by line, that "
        "what was earned, kept and paid stands in the sealed ledger; check it offline with `vibestream verify-statement`.",
        size=8,
        colour=_SOFT,
    )


def _lines(pdf: FPDF, statement: Statement, part: StatementPart) -> None:
    pdf.add_page()
    _section(pdf, f"By track, in {part.run.currency.code}")
    _table_head(pdf)
    currency = part.run.currency
    for line in sorted(part.lines, key=lambda line: -line.by(part.run.engine)):
        if pdf.will_page_break(_ROW):
            pdf.add_page()
            _table_head(pdf)
        title = statement.titles.get(line.claim.track_id, (None, None))[0] or str(line.claim.track_id)
        counted = f"{line.counted:,}" if line.counted == line.listens else f"{line.counted:,} of {line.listens:,}"
        _table_row(
            pdf,
            (
                title,
                label(line.claim.heard_month),
                percent(line.share_bp),
                counted,
                grouped(line.pro_rata, currency),
                grouped(line.user_centric, currency),
            ),
        )
    sums = (grouped(part.share.pro_rata, currency), grouped(part.share.user_centric, currency))
    _table_row(pdf, ("All tracks", "", "", "", *sums), bold=True)
    pdf.ln(6)
    _text(pdf, f"This month was paid {_ENGINES[part.run.engine]}.", size=8, colour=_SOFT)


def _table_head(pdf: FPDF) -> None:
    _table_row(pdf, tuple(name for name, _ in _COLUMNS), colour=_SOFT, size=8)


def _table_row(
    pdf: FPDF, cells: Sequence[str], *, bold: bool = False, colour: tuple[int, int, int] = _INK, size: int = 9
) -> None:
    pdf.set_font("Inter", "B" if bold else "", size)
    pdf.set_text_color(*colour)
    pdf.set_draw_color(*_RULE)
    for number, ((_, width), cell) in enumerate(zip(_COLUMNS, cells, strict=True)):
        pdf.cell(width, _ROW, _fitting(pdf, cell, width), align="R" if number else "L", border="B")
    pdf.ln(_ROW)


def _fitting(pdf: FPDF, text: str, width: int) -> str:
    """Return text in characters that the face has, cut to fit a cell."""
    shown = _known(pdf, text)
    while len(shown) > 1 and pdf.get_string_width(shown) > width - 6:
        shown = shown[:-2].rstrip() + "…"
    return shown


def _section(pdf: FPDF, words: str) -> None:
    _text(pdf, words, size=11, bold=True)
    pdf.ln(4)


def _row(pdf: FPDF, words: str, amount: str, *, bold: bool = False, rule: bool = True) -> None:
    pdf.set_font("Inter", "B" if bold else "", 10)
    pdf.set_text_color(*_INK)
    pdf.set_draw_color(*_RULE)
    border: Any = "B" if rule else 0
    pdf.cell(_WIDTH - 110, _ROW, words, border=border)
    pdf.cell(110, _ROW, amount, align="R", border=border)
    pdf.ln(_ROW)


def _text(pdf: FPDF, text: str, *, size: int, bold: bool = False, colour: tuple[int, int, int] = _INK) -> None:
    pdf.set_font("Inter", "B" if bold else "", size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(0, size + size // 2, _known(pdf, text), align="L", new_x="LMARGIN", new_y="NEXT")


def _known(pdf: FPDF, text: str) -> str:
    cmap = getattr(pdf.current_font, "cmap", {})
    return "".join(one if ord(one) in cmap else "?" for one in text)
