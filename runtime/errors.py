"""What can be wrong with data, as plain facts. The command line turns a fault into a diagnostic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

#: Code -> title. The codes of group 10 are faults of data, those of group 09 of compiled code; they are never reused.
FAULT_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "FC0910": "object cannot be used",
        "FC0911": "floating-point environment was changed",
        "FC0913": "not an artefact that this release can run",
        "FC0914": "an artefact was changed after it was made",
        "FC0916": "a snapshot cannot be taken up",
        "FC1001": "the data file cannot be read",
        "FC1002": "not a table of bars, trades or a book",
        "FC1003": "times have no clear unit",
        "FC1004": "rows are out of order",
        "FC1005": "two rows claim the same time",
        "FC1006": "a value is missing or not a number",
        "FC1007": "a price or volume is impossible",
        "FC1008": "times do not fit the bar grid",
        "FC1009": "more than one instrument in one file",
        "FC1010": "the data lacks a stream the strategy needs",
        "FC1011": "no such data",
        "FC1012": "no data in this range",
        "FC1013": "stored data does not match its record",
        "FC1014": "the data is of another instrument",
        "FC1015": "not a usable tape",
        "FC1016": "a number is too large for the tape",
        "FC1017": "the data cannot be written",
        "FC1018": "the instrument is not known",
        "FC1019": "stored by an earlier release",
        "FC1020": "no such version of the data",
        "FC1021": "the rows cannot be added to the data set",
        "FC1022": "other writers were faster",
        "FC1023": "the bucket cannot be reached",
        "FC1024": "the query cannot be answered",
        "FC1025": "the file is not what its check sum says",
        "FC1030": "the exchange cannot be reached",
        "FC1031": "the server could not prove who it is",
        "FC1032": "the answer is not the exchange's",
        "FC1033": "the exchange refused the request",
        "FC1034": "the exchange has no such symbol",
        "FC1035": "the answer contradicts itself",
        "FC1036": "the data set is being written already",
        "FC1037": "the recording stopped: no room on the disk",
        "FC1038": "the data set holds something else",
        "FC1039": "a piece of a recording cannot be read",
        "FC1040": "not an address of a database",
        "FC1041": "the database does not answer",
        "FC1042": "the database refuses",
        "FC1043": "a package for databases is missing",
        "FC1201": "no keys for the exchange",
        "FC1202": "not an address of the exchange",
        "FC1203": "keys of another exchange",
        "FC1204": "others can read the file of keys",
        "FC1205": "not a file of keys",
        "FC1206": "keys cannot be stored",
        "FC1207": "the exchange refused the keys",
        "FC1208": "the symbol cannot be traded",
        "FC1209": "the exchange's time is not known",
        "FC1210": "no stream may be opened there",
        "FC1211": "the certificate file cannot be used",
        "FC1301": "the accounts file cannot be read",
        "FC1302": "not an accounts file",
        "FC1303": "a value in the accounts file is impossible",
        "FC1304": "two accounts claim the same",
        "FC1305": "the accounts file cannot be written",
        "FC1306": "no such switch or setting",
        "FC1307": "no such fault",
        "FC1308": "a fault has no such parameter",
        "FC1309": "a parameter of a fault cannot have this value",
        "FC1310": "no local exchange answers",
        "FC1311": "a port cannot be opened",
        "FC1312": "the folder of the local exchange cannot be used",
        "FC1313": "no such fault is active",
        "FC1314": "the control port refuses",
    }
)

#: Faults that the surroundings cause (permissions, disk space, the processor), not the data.
ENVIRONMENT_CODES = frozenset(
    {
        "FC0910",
        "FC0911",
        "FC1017",
        "FC1022",
        "FC1023",
        "FC1030",
        "FC1031",
        "FC1032",
        "FC1033",
        "FC1036",
        "FC1037",
        "FC1041",
        "FC1042",
        "FC1043",
        "FC1201",
        "FC1204",
        "FC1206",
        "FC1209",
        "FC1211",
        "FC1305",
        "FC1310",
        "FC1311",
        "FC1312",
        "FC1314",
    }
)

#: Faults of the command line: a name or version that nothing has, a query that is none.
USAGE_CODES = frozenset(
    {
        "FC1011",
        "FC1020",
        "FC1024",
        "FC1034",
        "FC1040",
        "FC1202",
        "FC1203",
        "FC1210",
        "FC1306",
        "FC1307",
        "FC1308",
        "FC1309",
        "FC1313",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is. `row` counts data rows from 1, as a reader of the file counts them below the header."""

    file: str
    row: int | None = None

    def __str__(self) -> str:
        return self.file if self.row is None else f"{self.file}, row {self.row}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding: a code of `FAULT_TITLES`, one terse line without a full stop, a place, and how to go on."""

    code: str
    message: str
    where: Place
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        assert self.code in FAULT_TITLES, self.code
        assert self.message and not self.message.endswith("."), self.message

    @property
    def title(self) -> str:
        return FAULT_TITLES[self.code]

    @property
    def is_environment(self) -> bool:
        return self.code in ENVIRONMENT_CODES

    @property
    def is_usage(self) -> bool:
        return self.code in USAGE_CODES


class RuntimeFault(Exception):
    """Carries one or more faults out of the runtime. Nothing in the runtime catches it to go on."""

    def __init__(self, *faults: Fault) -> None:
        assert faults, "a fault says what is wrong"
        self.faults = faults
        super().__init__("; ".join(f"{fault.code}: {fault.message} ({fault.where})" for fault in faults))

    @property
    def first(self) -> Fault:
        return self.faults[0]


def fault(
    code: str,
    message: str,
    where: str | Place,
    *,
    notes: tuple[str, ...] = (),
    helps: tuple[str, ...] = (),
    **facts: object,
) -> RuntimeFault:
    """A `RuntimeFault` with one fault, to be raised."""
    place = where if isinstance(where, Place) else Place(where)
    return RuntimeFault(Fault(code, message, place, notes, helps, MappingProxyType(dict(facts))))
