"""Groups 10 and 11: data files and tapes; the use of the command line."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code

_D, _T, _F = Category.DATA, Category.TOOLCHAIN, Category.FILE
_GOOD = "time,open,high,low,close,volume\n2025-01-01T00:00:00Z,100.00,101.00,99.00,100.50,3.5\n"

CODES = (
    Code(
        "FC1001",
        "the data file cannot be read",
        _D,
        "The file is not text in CSV form, nor Parquet or another known format, or it is damaged or empty.",
        ("(an empty file)",),
        _GOOD,
    ),
    Code(
        "FC1002",
        "not a table of bars, trades or a book",
        _D,
        "Bars need a time and the columns open, high, low, close and volume. Trades need a time, price, quantity and "
        "the taker's side; a book needs side, price and quantity with update ids or a snapshot flag, or the best bid "
        "and ask with their quantities. The usual spellings of each are known; the message lists the columns found.",
        ("time,open,high,low,volume\n2025-01-01T00:00:00Z,100,101,99,3.5\n",),
        _GOOD,
    ),
    Code(
        "FC1003",
        "times have no clear unit",
        _D,
        "Times are numbers whose size fits no unit, or several units are mixed in one column. Guessing would shift "
        "every bar. `--repair one_time_unit` reads each time in the unit that its size tells.",
        ("time,open,high,low,close,volume\n17,100,101,99,100.5,3.5\n",),
        _GOOD,
    ),
    Code(
        "FC1004",
        "rows are out of order",
        _D,
        "Times must rise from row to row. A file out of order is often two files put together; look before you sort "
        "it with `--repair sort_rows`. A file that runs from newest to oldest is turned round and the output says so.",
        (_GOOD + "2024-12-31T23:59:00Z,100,101,99,100.5,3.5\n",),
        _GOOD + "2025-01-01T00:01:00Z,100.50,101.00,100.00,100.75,2.0\n",
    ),
    Code(
        "FC1005",
        "two rows claim the same time",
        _D,
        "Two rows have the same time and differ, so one of them is wrong. Remove it at the source.",
        (_GOOD + "2025-01-01T00:00:00Z,100,102,99,101.5,9.5\n",),
        _GOOD,
    ),
    Code(
        "FC1006",
        "a value is missing or not a number",
        _D,
        "A cell is empty, or holds text, NaN or an infinity. Nothing is filled in silently. Leave the whole row out: "
        "a missing bar is then filled by the named rule of the tape, and counted.",
        ("time,open,high,low,close,volume\n2025-01-01T00:00:00Z,100,NaN,99,100.5,3.5\n",),
        _GOOD,
    ),
    Code(
        "FC1007",
        "a price or volume is impossible",
        _D,
        "A price is zero or negative, the high is not the highest or the low not the lowest of a bar, or a volume is "
        "negative.",
        ("time,open,high,low,close,volume\n2025-01-01T00:00:00Z,100,99,101,100.5,3.5\n",),
        _GOOD,
    ),
    Code(
        "FC1008",
        "times do not fit the bar grid",
        _D,
        "Bars of one minute begin at whole minutes. These times do not lie on a grid of the stated period, so the "
        "period or the meaning of the time column (open or close of the bar) is another one.",
        ("time,open,high,low,close,volume\n2025-01-01T00:00:17Z,100,101,99,100.5,3.5\n",),
        _GOOD,
    ),
    Code(
        "FC1009",
        "more than one instrument in one file",
        _D,
        "A symbol column holds several names. `--symbol NAME` imports one of them.",
        (
            "symbol,time,open,high,low,close,volume\nBTC,2025-01-01T00:00:00Z,100,101,99,100.5,3.5\n"
            "ETH,2025-01-01T00:01:00Z,10,11,9,10.5,3.5\n",
        ),
        _GOOD,
    ),
    Code(
        "FC1010",
        "the data lacks a stream the strategy needs",
        _D,
        "The strategy reads a stream that the dataset does not hold: the book, trades, another instrument, or bars "
        "shorter than those stored. The message names the stream, and the command that records or makes it.",
        ("flashc backtest book_strategy.flash.yaml --data btc_1m",),
        "flashc backtest bar_strategy.flash.yaml --data btc_1m",
    ),
    Code(
        "FC1011",
        "no such data",
        _D,
        "No dataset or data file has this name. `flashc data list` shows what there is.",
        ("flashc backtest strategy.flash.yaml --data btc_2m",),
        "flashc data list",
    ),
    Code(
        "FC1012",
        "no data in this range",
        _D,
        "Between `--from` and `--to` the dataset holds nothing usable, or several datasets have no time in common, or "
        "no message of a book leaves both sides filled and apart. `flashc data list` shows the range of each dataset.",
        ("flashc backtest strategy.flash.yaml --data btc_1m --from 1999-01-01 --to 1999-02-01",),
        "flashc backtest strategy.flash.yaml --data btc_1m",
    ),
    Code(
        "FC1013",
        "stored data does not match its record",
        _D,
        "The stored file has other bytes than when it was imported, so results could not be repeated. Import the data "
        "again.",
        ("(a stored dataset that was edited by hand)",),
        "flashc data verify btc_1m",
    ),
    Code(
        "FC1014",
        "the data is of another instrument",
        _D,
        "The strategy trades one instrument and the dataset holds another. Choose another dataset, or correct the "
        "symbol given at import.",
        ("flashc backtest btc_strategy.flash.yaml --data eth_1m",),
        "flashc backtest btc_strategy.flash.yaml --data btc_1m",
    ),
    Code(
        "FC1015",
        "not a usable tape",
        _D,
        "The file is not a tape, is cut short, or was written by another version. Tapes can always be built again "
        "from the data.",
        ("(a tape file that was cut short)",),
        "flashc data verify btc_1m",
    ),
    Code(
        "FC1016",
        "a number is too large for the tape",
        _D,
        "Prices and quantities are stored as whole ticks and lots in 64 bits. A value, or a sum of values, does not "
        "fit.",
        ("time,open,high,low,close,volume\n2025-01-01T00:00:00Z,100,101,99,100.5,1e14\n",),
        _GOOD,
    ),
    Code(
        "FC1017",
        "the data cannot be written",
        _T,
        "The place for datasets or tapes is not writable, or the disk is full.",
        ("(a data folder without write permission)",),
        "flashc data list",
    ),
    Code(
        "FC1018",
        "the instrument is not known",
        _D,
        "Neither the file nor its name says which instrument the bars are of. Say it with `--instrument`, or name the "
        "file like `btc-usdc_mexc_1m.csv`.",
        ("flashc data import bars.csv",),
        "flashc data import bars.csv --instrument BTC/USDC",
    ),
    Code(
        "FC1019",
        "stored by an earlier release",
        _D,
        "Earlier releases kept a data set as a folder with Parquet files and `dataset.json`; now it is a table with "
        "versions. The message shows the command that takes the files over.",
        ("flashc data info btc_1m    (a folder with bars.parquet and dataset.json)",),
        "flashc data import data/btc_1m/bars.parquet --instrument BTC/USDT --name btc_1m --replace",
    ),
    Code(
        "FC1020",
        "no such version of the data",
        _D,
        "What stands behind `@` is the number of a version of the data set, or a time at which it existed. "
        "`flashc data history NAME` shows them all. Versions that were pruned cannot be read again.",
        ("flashc backtest strategy.flash.yaml --data btc_1m@99",),
        "flashc backtest strategy.flash.yaml --data btc_1m@3",
    ),
    Code(
        "FC1021",
        "the rows cannot be added to the data set",
        _D,
        "A bar is stored already with other values, books or trades are older than what is stored of the same day, or "
        "the rows are of another kind. Adding them would change history silently. `--replace` makes a version of the "
        "new data alone; the versions before stay readable.",
        ("flashc data import btc-2024-01-corrected.csv --name btc_1m --append",),
        "flashc data import btc-2024-02.csv --name btc_1m --append",
    ),
    Code(
        "FC1022",
        "other writers were faster",
        _T,
        "Each change of a data set is one version. Other programs made the next version first, again and again. "
        "Nothing was written; try again when they are done.",
        ("(several programs that add to one data set without a pause)",),
        "flashc data history btc_1m",
    ),
    Code(
        "FC1023",
        "the bucket cannot be reached",
        _T,
        "The data is in an S3-compatible bucket that does not answer, does not exist, or refuses the key. Where it is "
        "and with which key is told by the variables AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY. Plain HTTP is used on this machine only.",
        ("flashc data list --root s3://no-such-bucket/history",),
        "flashc data list --root s3://my-bucket/history",
    ),
    Code(
        "FC1024",
        "the query cannot be answered",
        _D,
        "DuckDB refuses the SQL text: a word that is none, a table or column that does not exist, or something that "
        "does not read tables only. `flashc data sql` reads data sets, and nothing else on this machine.",
        ('flashc data sql "SELECT clsoe FROM btc_1m"',),
        'flashc data sql "SELECT close FROM btc_1m"',
    ),
    Code(
        "FC1025",
        "the file is not what its check sum says",
        _D,
        "Beside the file lies another of its name and `.CHECKSUM`, as archives of exchanges give them, and the file "
        "has another SHA-256. It is cut short or damaged, or the check sum belongs to another file.",
        ("flashc data import BTCUSDT-1m-2024-01.zip    (half of it)",),
        "flashc data import BTCUSDT-1m-2024-01.zip",
    ),
    Code(
        "FC1040",
        "not an address of a database",
        _F,
        "An address names a kind of database, a host and a database, and never a password: others can read the list of "
        "processes. Passwords come from INFLUX_USERNAME and INFLUX_PASSWORD, INFLUX_TOKEN, PGPASSWORD or ~/.pgpass.",
        ("flashc data export btc_1m --to postgresql://me:secret@localhost/market",),
        "flashc data export btc_1m --to postgresql://me@localhost/market",
    ),
    Code(
        "FC1041",
        "the database does not answer",
        _T,
        "No server answers at the address of `--to`, or the connection broke. What was written stays; copying again "
        "adds the rest.",
        ("flashc data export btc_1m --to influxdb://localhost:9999/market",),
        "flashc data export btc_1m --to influxdb://localhost:8086/market",
    ),
    Code(
        "FC1042",
        "the database refuses",
        _T,
        "The server answered, and refused. Its own words follow: often a password, a right, or columns of a table.",
        ("flashc data export btc_1m --to influxdb://localhost:8086/market",),
        "INFLUX_USERNAME=me INFLUX_PASSWORD=... flashc data export btc_1m --to influxdb://localhost:8086/market",
    ),
    Code(
        "FC1043",
        "a package for databases is missing",
        _T,
        "PostgreSQL is written to through packages that flashc alone does not need.",
        ("flashc data export btc_1m --to postgresql://me@localhost/market",),
        "pip install 'flashc[databases]'",
    ),
    Code(
        "FC1101",
        "unknown parameter in `--set`",
        _F,
        "The strategy has no parameter of this name. Similar names are suggested.",
        ("flashc backtest strategy.flash.yaml --data btc_1m --set fats=9",),
        "flashc backtest strategy.flash.yaml --data btc_1m --set fast=9",
    ),
    Code(
        "FC1102",
        "parameter value cannot be used",
        _F,
        "The value given with `--set` has the wrong kind or unit, lies outside the parameter's range, or breaks a "
        "constraint.",
        ("flashc backtest strategy.flash.yaml --data btc_1m --set fast=lots",),
        "flashc backtest strategy.flash.yaml --data btc_1m --set fast=9",
    ),
    Code(
        "FC1103",
        "no such run",
        _D,
        "The folder is not the result of a backtest, or lacks the files of one.",
        ("flashc explain runs/missing --at 2025-01-01T10:00",),
        "flashc explain runs/example --at 2025-01-01T10:00",
    ),
    Code(
        "FC1104",
        "no decision at that time",
        _D,
        "The run made no decision at this instant: it lies outside the run, before the strategy was warm, or between "
        "two ticks of the decision clock. The nearest decisions are named.",
        ("flashc explain runs/example --at 1999-01-01T00:00",),
        "flashc explain runs/example --at 2025-01-01T10:00",
    ),
    Code(
        "FC1105",
        "engine not available",
        _T,
        "The engine is not known, or what it needs is not installed. Engines are `auto`, `c`, `numba` and `ref`.",
        ("flashc backtest strategy.flash.yaml --data btc_1m --engine fortran",),
        "flashc backtest strategy.flash.yaml --data btc_1m --engine ref",
    ),
    Code(
        "FC1106",
        "file cannot be read",
        _D,
        "There is no such file, it is a folder, or reading it is not permitted.",
        ("flashc check missing.flash.yaml",),
        "flashc new ema_cross && flashc check ema_cross.flash.yaml",
    ),
    Code(
        "FC1107",
        "cannot write here",
        _T,
        "The output folder does not exist or is not writable, or the disk is full. Nothing was changed.",
        ("flashc compile strategy.flash.yaml --out /proc/artefact",),
        "flashc compile strategy.flash.yaml --out build",
    ),
    Code(
        "FC1108",
        "not a policy of `flashc diff`",
        _F,
        "A `.flashc-diff.yaml` has the keys `allow` (a list of classes of changes that may pass) and `never` (patterns "
        "of items that must not change whatever the class), and nothing else.",
        ("allow: [cosmetics]",),
        "allow: [cosmetic, default, risk-tightened]\nnever: [risk.*]",
    ),
    Code(
        "FC1109",
        "no such revision of a file",
        _D,
        "git does not know the revision, or the revision has no such file. A path after the colon starts at the top of "
        "the repository; `./` starts where the command runs.",
        ("flashc diff mian:strategies/x.yaml strategies/x.yaml",),
        "flashc diff main:strategies/x.yaml strategies/x.yaml",
    ),
    Code(
        "FC1110",
        "not a range of this run",
        _D,
        "`--from` and `--to` name a part of the run: from before to, with at least one decision between them.",
        ("flashc why-not runs/example --from 1999-01-01 --to 1999-01-02",),
        "flashc why-not runs/example --from 2025-01-01 --to 2025-01-02",
    ),
    Code(
        "FC1111",
        "not a value that can be traced",
        _D,
        "`--let` takes names of the strategy's `let`, `--expr` an expression over its names. The value must be made of "
        "events that the run had.",
        ("flashc trace latest --let egde",),
        "flashc trace latest --let edge",
    ),
    Code(
        "FC1112",
        "the run cannot be taken again",
        _D,
        "A past run is explained by running it again over the same data with the same meaning. The data has changed or "
        "moved, or this version of flashc gives the strategy another meaning.",
        ("flashc explain latest --at 2025-01-01T10:00 --data other.csv",),
        "flashc explain latest --at 2025-01-01T10:00 --data btc_1m",
    ),
)
