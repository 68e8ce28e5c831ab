"""L7: reading undoes writing on the domain of every converter, and outside it says why."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.mappings.language.converters import chains
from transload.mappings.language.converters.base import CodeTable, ConverterError, DomainError, Setting, Xref
from transload.mappings.language.expressions import parse
from transload.mappings.language.fields import FieldType, Kind
from transload.mappings.tables.rows import Rows

TABLES = {
    "uom": CodeTable(name="uom", read={"PCE": "EA", "C62": "EA", "KGM": "KGM"}, write={"EA": "PCE", "KGM": "KGM"})
}

XREFS = {"items": Xref(name="items", rows=lambda: Rows([("1", "A", 1), ("2", "B", 2)]), live=False)}


def chain(pipes, kind, *, form="edifact", pair=False, many=False):
    parsed = parse("x | " + pipes)
    setting = Setting(kind=kind, field=FieldType(kind), format=form, codes=TABLES, xrefs=XREFS)
    return chains.build(parsed.pipes, setting, pair=pair, many=many)


NUMBERS = st.decimals(-(10**12), 10**12, places=3) | st.sampled_from(
    [Decimal(0), Decimal("-0"), Decimal("0.000"), Decimal("1E+3"), Decimal("1E-7")]
)
TEXTS = st.text(max_size=20)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)).map(lambda d: d.replace(tzinfo=UTC, microsecond=0))  # noqa: DTZ001
LAWS = [
    ("dec", Kind.DECIMAL, NUMBERS, {}),
    ("comma", Kind.DECIMAL, NUMBERS, {}),
    ("number", Kind.DECIMAL, NUMBERS, {"form": "json"}),
    ("number", Kind.TEXT, TEXTS | st.sampled_from(["0", "007", "1.50", "-0", "1e5"]), {"form": "json"}),
    ("number", Kind.INTEGER, st.integers(), {"form": "json"}),
    ("dec", Kind.INTEGER, st.integers(), {}),
    ("implied(3)", Kind.DECIMAL, NUMBERS, {}),
    ("implied(2) | zeros(9)", Kind.DECIMAL, NUMBERS, {}),
    ("scale(100)", Kind.DECIMAL, NUMBERS, {}),
    ("scale(0.3)", Kind.DECIMAL, NUMBERS, {}),
    ("zeros(6)", Kind.TEXT, TEXTS | st.sampled_from(["0", "00", "12", "1234567"]), {}),
    ("zeros(6)", Kind.INTEGER, st.integers(-5, 10**7), {}),
    ("signed(trailing)", Kind.DECIMAL, NUMBERS, {}),
    ("signed(leading 12)", Kind.DECIMAL, NUMBERS, {}),
    ("signed(trailing 9)", Kind.INTEGER, st.integers(-(10**9), 10**9), {}),
    ("signed(trailing)", Kind.TEXT, TEXTS | st.sampled_from(["-1", "-0", "007", "0.5", "5-"]), {}),
    ("implied(2) | signed(trailing 14)", Kind.DECIMAL, NUMBERS, {}),
    ("implied(3) | zoned(17)", Kind.DECIMAL, NUMBERS, {}),
    ("zoned", Kind.INTEGER, st.integers(), {}),
    ("zoned(3)", Kind.TEXT, TEXTS | st.sampled_from(["-1", "-0", "007", "1.5", "999", "1000"]), {}),
    ("thousands(.)", Kind.DECIMAL, NUMBERS, {}),
    ("thousands(,)", Kind.DECIMAL, NUMBERS, {}),
    ('thousands("\'")', Kind.DECIMAL, NUMBERS, {}),
    ("date(yyyyMMdd)", Kind.DATE, st.dates(), {}),
    ("date(yyMMdd)", Kind.DATE, st.dates(), {}),
    ("date(dd.MM.yyyy)", Kind.DATE, st.dates(), {}),
    ("date(iso)", Kind.DATE, st.dates(), {}),
    ("time(HH:mm)", Kind.TIME, st.times(), {}),
    ("dtm(102)", Kind.DATE, st.dates(), {"pair": True}),
    ("dtm(101)", Kind.DATE, st.dates(), {"pair": True}),
    ("dtm(203 Europe/Berlin)", Kind.INSTANT, MOMENTS, {"pair": True}),
    ("datetime(yyyyMMddHHmmss Europe/Berlin)", Kind.INSTANT, MOMENTS, {}),
    ("datetime(iso)", Kind.INSTANT, MOMENTS, {}),
    ("datetime(yyyyMMdd+HHmm Europe/Berlin)", Kind.INSTANT, MOMENTS, {"pair": True}),
    ("datetime(dd.MM.yyyy+HH:mm:ss UTC)", Kind.INSTANT, MOMENTS, {"pair": True}),
    ("unit(kg g)", Kind.DECIMAL, NUMBERS, {}),
    ("unit(g kg)", Kind.DECIMAL, NUMBERS, {}),
    ("unit(KGM LBR)", Kind.DECIMAL, NUMBERS, {}),
    ("unit(MTR in)", Kind.DECIMAL, NUMBERS, {}),
    ("unit(dozen EA) | implied(2)", Kind.DECIMAL, NUMBERS, {}),
    ("xref(items)", Kind.TEXT, st.sampled_from(["A", "B", "1", "2"]), {}),
    ("xref(items keep)", Kind.TEXT, st.sampled_from(["A", "B", "1", "2", "C"]), {}),
    ("xref(items else B)", Kind.TEXT, st.sampled_from(["A", "B", "C"]), {}),
    ("upper", Kind.TEXT, TEXTS, {}),
    ("trim", Kind.TEXT, TEXTS, {}),
    ("digits", Kind.TEXT, TEXTS, {}),
    ("pad(12)", Kind.TEXT, TEXTS, {}),
    ("wrap(7 3)", Kind.TEXT, TEXTS, {"many": True}),
    ("lines(7)", Kind.TEXT, TEXTS, {"many": True}),
    ("join(;)", Kind.TEXTS, st.lists(TEXTS.filter(bool), min_size=1, max_size=4), {}),
    ("code(uom)", Kind.TEXT, st.sampled_from(["EA", "KGM", "MTR"]), {}),
    ("code(uom keep)", Kind.TEXT, st.sampled_from(["EA", "KGM", "MTR", "PCE", "C62"]), {}),
    ("upper | pad(9)", Kind.TEXT, TEXTS, {}),
    ("yesno(Y N)", Kind.BOOLEAN, st.booleans(), {}),
]


@pytest.mark.parametrize(
    ("pipes", "kind", "values", "how"), LAWS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_reading_undoes_writing(pipes, kind, values, how):
    found = chain(pipes, kind, **how)
    written = []

    @given(value=values)
    @settings(max_examples=60, database=None)
    def law(value):
        try:
            wire = found.write(value)
        except DomainError as error:
            assert str(error)  # noqa: PT017
            return
        written.append(wire)
        assert found.read(wire) == value
        normal = found.write(found.read(wire))
        assert found.write(found.read(normal)) == normal

    law()
    assert written, "no value at all was in the domain"


@pytest.mark.parametrize("pipes", ["xref(items)", "xref(items keep)", "xref(items else B)"])
def test_samples_of_a_table_are_in_its_domain(pipes):
    (step,) = chain(pipes, Kind.TEXT).steps
    assert list(step.samples()) == ["A", "B"]
    assert [step.read(step.write(value)) for value in step.samples()] == ["A", "B"]


@given(st.text("0123456789", min_size=1, max_size=40), st.integers(1, 40))
def test_implied_decimals_keep_every_digit(digits, places):
    found = chain(f"implied({places})", Kind.DECIMAL)
    assert found.read(digits).as_tuple() == Decimal(f"{digits}E-{places}").as_tuple()


READ = [
    ("dec", Kind.DECIMAL, "012.50", Decimal("12.50")),
    ("dec", Kind.DECIMAL, "1,5", Decimal("1.5")),
    ("dec", Kind.DECIMAL, "+5", Decimal(5)),
    ("implied(2)", Kind.DECIMAL, "000150", Decimal("1.50")),
    ("implied(2)", Kind.DECIMAL, "5", Decimal("0.05")),
    ("implied(2)", Kind.DECIMAL, "-5", Decimal("-0.05")),
    ("implied(3)", Kind.DECIMAL, "1" * 28, Decimal("1" * 25 + ".111")),
    ("implied(3)", Kind.DECIMAL, "1" * 29, Decimal("1" * 26 + ".111")),
    ("zeros(4)", Kind.TEXT, "0000", "0"),
    ("signed(trailing)", Kind.DECIMAL, "12.50-", Decimal("-12.50")),
    ("signed(trailing)", Kind.DECIMAL, "12.50+", Decimal("12.50")),
    ("signed(trailing)", Kind.DECIMAL, "12.50", Decimal("12.50")),
    ("implied(2) | signed(leading 7)", Kind.DECIMAL, "-001250", Decimal("-12.50")),
    ("implied(2) | zoned(6)", Kind.DECIMAL, "00125}", Decimal("-12.50")),
    ("implied(2) | zoned(6)", Kind.DECIMAL, "00125{", Decimal("12.50")),
    ("implied(2) | zoned(6)", Kind.DECIMAL, "001250", Decimal("12.50")),
    ("zoned", Kind.INTEGER, "1K", -12),
    ("thousands(.)", Kind.DECIMAL, "1.234.567,8", Decimal("1234567.8")),
    ("thousands(.)", Kind.DECIMAL, "1234567,8", Decimal("1234567.8")),
    ("thousands(,)", Kind.DECIMAL, "-1,234.5", Decimal("-1234.5")),
    ("date(yyMMdd)", Kind.DATE, "690101", date(1969, 1, 1)),
    ("date(yyMMdd)", Kind.DATE, "680101", date(2068, 1, 1)),
    ("time(HHmm)", Kind.TIME, "2359", time(23, 59)),
    ("unit(kg g)", Kind.DECIMAL, "1500", Decimal("1.5")),
    ("unit(kg lb)", Kind.DECIMAL, "2", Decimal("0.90718474")),
    ("unit(LTR HLT)", Kind.DECIMAL, "0.5", Decimal(50)),
    ("xref(items else B)", Kind.TEXT, "7", "B"),
    ("upper", Kind.TEXT, "abc", "ABC"),
    ("digits", Kind.TEXT, "4-711 x", "4711"),
    ("code(uom else EA)", Kind.TEXT, "???", "EA"),
]


@pytest.mark.parametrize(("pipes", "kind", "wire", "value"), READ)
def test_what_is_read(pipes, kind, wire, value):
    assert chain(pipes, kind).read(wire) == value


REFUSED = [
    ("dec", Kind.DECIMAL, ["", " 1", "1_0", "1e5", "NaN", "Infinity", "0x1", "1.2.3", "١", "1.5,0", "--1", "9" * 500]),  # noqa: RUF001
    ("comma", Kind.DECIMAL, ["1.5", "1,5,0"]),
    ("implied(2)", Kind.DECIMAL, ["1.5", "", "x"]),
    ("signed(trailing)", Kind.DECIMAL, ["-1", "1 -", "", "-", "1,5-"]),
    ("signed(trailing 4)", Kind.DECIMAL, ["123", "12-", "00123-"]),
    ("zoned(3)", Kind.DECIMAL, ["12", "1234", "1{2", "12S", "", "1.A"]),
    ("thousands(.)", Kind.DECIMAL, ["1.23", "12.34.567", "1,234.5", ".123", "", "1.234,"]),
    ("date(yyyyMMdd)", Kind.DATE, ["20261301", "2026W011", "2026011", "²0260101", ""]),
    ("date(dd.MM.yyyy)", Kind.DATE, ["1.1.2026", "31.02.2026", "01.01.26"]),
    ("datetime(yyyyMMddHHmm Europe/Berlin)", Kind.INSTANT, ["202603290230", "2026"]),
    ("datetime(iso)", Kind.INSTANT, ["2026-01-01T10:00", "x"]),
    ("yesno(Y N)", Kind.BOOLEAN, ["y", "", "J"]),
]


@pytest.mark.parametrize(("pipes", "kind", "wire"), [(p, k, w) for p, k, ws in REFUSED for w in ws])
def test_what_is_refused(pipes, kind, wire):
    with pytest.raises(DomainError):
        chain(pipes, kind).read(wire)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")])
@pytest.mark.parametrize("pipes", ["dec", "comma"])
def test_numbers_that_are_none_are_not_written(pipes, value):
    with pytest.raises(DomainError):
        chain(pipes, Kind.DECIMAL).write(value)


@pytest.mark.parametrize(
    "pipes",
    ["implied", "implied(x)", "zeros(0)", "scale(0)", "date(yyyy)", "date(abc)", "date", "dtm(999)", "dtm(203)", "code", "code(uom perhaps)",  # noqa: E501
     "wrap(5)", "lines", "join", "yesno(Y)", "yesno(Y Y)", "flag", "pad", "datetime(yyyy Mars/Base)", "upper(x)", "nothing"],  # noqa: E501
)  # fmt: skip
def test_wrong_arguments(pipes):
    kinds = {"date": Kind.DATE, "dtm": Kind.DATE, "datetime": Kind.INSTANT, "yesno": Kind.BOOLEAN, "flag": Kind.BOOLEAN,
             "implied": Kind.DECIMAL, "scale": Kind.DECIMAL, "join": Kind.TEXTS}  # fmt: skip
    kind = kinds.get(pipes.partition("(")[0], Kind.TEXT)
    with pytest.raises(ConverterError):
        chain(pipes, kind, pair=pipes.startswith("dtm"))


SIGNS = [
    ("signed(trailing)", "-1", "read", "'-1' is no number with its sign at the end"),
    ("signed(leading 4)", "1234", "read", "'1234' is no number with its sign in front"),
    ("signed(trailing 4)", Decimal(1234), "write", "1234 needs more than 4 characters"),
    ("zoned(3)", "12S", "read", "'12S' is no zoned number of 3 digits"),
    ("zoned(3)", Decimal(1234), "write", "1234 has more than 3 digits"),
    ("zoned", Decimal("1.5"), "write", "1.5 has decimals, and a zoned number has none; write | implied(2) before it"),
    ("thousands(.)", "1.23", "read", "'1.23' is no number with '.' between thousands and ',' before decimals"),
]


@pytest.mark.parametrize(("pipes", "value", "way", "message"), SIGNS)
def test_golden_texts_of_signs_and_thousands(pipes, value, way, message):
    with pytest.raises(DomainError) as caught:
        getattr(chain(pipes, Kind.DECIMAL), way)(value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("pipes", "form", "message", "hint"),
    [
        ("signed", "x12", "signed needs trailing or leading", "for example  signed(trailing)  or  signed(leading 9)"),
        ("signed(up)", "x12", "signed needs trailing or leading", "for example  signed(trailing)  or  signed(leading 9)"),  # noqa: E501
        ("thousands(..)", "x12", "thousands needs its mark", 'for example  thousands(.)  or  "thousands(,)"'),
        ("comp3", "cobol", "the copybook says which numbers are packed", "leave comp3 out"),
        ("comp3", "x12", "packed numbers are bytes, which no text holds", "read the file with  format: {type: cobol, copybook: FILE}"),  # noqa: E501
    ],
)  # fmt: skip
def test_converters_of_signs_that_do_not_fit(pipes, form, message, hint):
    with pytest.raises(ConverterError) as caught:
        chain(pipes, Kind.DECIMAL, form=form)
    assert (str(caught.value), caught.value.hint) == (message, hint)
