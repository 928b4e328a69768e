"""Fill the columns of a target: a mapping compiled into operations on whole columns.

Every value stays at the lowest level it can: a constant is one scalar, a field of the order is filled once per order
and repeated for its lines only when the rows are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Values
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.contracts.money import column_text
from order_sync.errors import Stop
from order_sync.mapping.exact import NUMBER_DECIMALS, shortest_text
from order_sync.mapping.model import DATE_FORMATS, Column, Mapping, Source
from order_sync.mapping.sheet import BoolArray, Int64Array, Level, Numbers, Sheet
from order_sync.mapping.verdicts import Verdicts

#: What stands between date and time in the formats that Arrow writes by itself.
_SEPARATORS = {"YYYY-MM-DD HH:mm:ss": " ", "YYYY-MM-DDTHH:mm:ss": "T"}


class Filled(NamedTuple):
    """A filled column: texts (null is blank), or one scalar at level ALL."""

    values: pa.Array | pa.Scalar
    level: Level


class Engine:
    """Applies one mapping for one retailer.

    :param settings: the retailer's ``values``.
    :param zone: the zone in which dates are written.
    :raises Stop: a setting that a date takes its format from holds none.
    """

    def __init__(self, mapping: Mapping, settings: Values[str, str], zone: ZoneInfo) -> None:
        for name in filter(None, (column.format_setting for column in mapping.columns)):
            if settings[name] not in DATE_FORMATS:
                allowed = ", ".join(DATE_FORMATS)
                raise Stop(f"The setting {name} is {settings[name]!r:.40}.", next_step=f"Set one of {allowed}.")
        self.mapping = mapping
        self._settings = settings
        self._zone = zone

    def fill(self, sheet: Sheet, verdicts: Verdicts) -> dict[str, Filled]:
        """The columns of the target by name; orders that cannot be mapped are rejected in ``verdicts``."""
        return {column.name: _ColumnRun(self, column, sheet, verdicts).filled() for column in self.mapping.columns}

    def setting(self, name: str) -> str:
        """A value of the retailer's settings."""
        return self._settings[name]

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which dates are written."""
        return self._zone


class _ColumnRun:
    """Fills one column of one frame."""

    def __init__(self, engine: Engine, column: Column, sheet: Sheet, verdicts: Verdicts) -> None:
        self._engine, self._column, self._sheet, self._verdicts = engine, column, sheet, verdicts

    def filled(self) -> Filled:
        filled = self._source(self._column, None)
        filled = self._shaped(self._defaulted(filled))
        if self._column.required:
            self._require(filled)
        if self._column.max_length is not None:
            filled = self._limited(filled, self._column.max_length)
        if self._column.precision is not None:
            self._check_digits(str(self._column.from_), self._column.precision)
        return filled

    # Sources. `active` marks the lines for which a case counts; None stands for all.

    def _source(self, source: Source, active: BoolArray | None) -> Filled:
        if source.constant is not None:
            return Filled(_scalar(source.constant), Level.ALL)
        if source.setting is not None:
            return Filled(_scalar(self._engine.setting(source.setting)), Level.ALL)
        if source.join is not None:
            return self._joined(source.join, source.with_)
        if source.lookup is not None:
            return self._looked_up(source, active)
        if source.by is not None:
            return self._cases(source, source.by)
        paths = [source.from_] if isinstance(source.from_, str) else source.from_ or []
        filled = [self._written(path) for path in paths]
        level = self._common_level(filled)
        return Filled(pc.coalesce(*(self._at(level, one) for one in filled)), level) if len(filled) > 1 else filled[0]

    def _written(self, path: str) -> Filled:
        """The values of a path as text."""
        sheet, level = self._sheet, self._sheet.level(path)
        if path in sheet.text:
            return Filled(sheet.text[path], level)
        if path in sheet.money:
            decimals = sheet.decimals if level is Level.ORDER else sheet.decimals[sheet.owner]
            return Filled(_money(sheet.money[path], decimals, "negate" in self._column.functions), level)
        if path in sheet.number:
            return Filled(_masked(shortest_text(sheet.number[path].values), sheet.number[path].present), level)
        if path in sheet.whole:
            numbers = sheet.whole[path]
            return Filled(_masked(pa.array(numbers.values).cast(pa.string()), numbers.present), level)
        name = self._column.format_setting
        form = self._column.format if name is None else self._engine.setting(name)
        return Filled(_date(sheet.instant[path], form, self._engine.zone), level)

    def _joined(self, paths: list[str], separator: str) -> Filled:
        filled = [self._written(path) for path in paths]
        level = self._common_level(filled)
        return Filled(pc.binary_join_element_wise(*(self._at(level, one) for one in filled), separator), level)

    def _looked_up(self, source: Source, active: BoolArray | None) -> Filled:
        table = self._engine.mapping.lookups[source.lookup or ""]
        keys, level = self._written(source.key or "")
        found = pc.index_in(keys, value_set=table.keys)
        values = table.targets.take(found)
        if source.unknown == "pass":
            values = pc.coalesce(values, keys)
        elif source.unknown == "reject":
            unknown = pc.and_(pc.is_valid(keys), pc.is_null(found)).to_numpy(zero_copy_only=False)
            if unknown.any():
                self._reject_unknown(source, keys, unknown, level, active)
        return Filled(values, level)

    def _reject_unknown(
        self, source: Source, keys: pa.Array, unknown: BoolArray, level: Level, active: BoolArray | None
    ) -> None:
        def message(value: object) -> str:
            return f"{source.key} is {value!r:.80}, which the lookup table {source.lookup}.csv does not hold."

        owner = self._sheet.owner
        if level is Level.ORDER and active is None:
            self._verdicts.orders(unknown, "UNMAPPED_VALUE", source.key or "", lambda at: message(keys[at].as_py()))
            return
        lines = unknown[owner] if level is Level.ORDER else unknown
        at_order = level is Level.ORDER
        self._verdicts.lines(
            lines if active is None else lines & active,
            "UNMAPPED_VALUE",
            source.key or "",
            lambda at: message(keys[int(owner[at]) if at_order else at].as_py()),
        )

    def _cases(self, source: Source, fact: str) -> Filled:
        deciding, level = self._written(fact)
        chosen: list[tuple[pa.Array, Filled]] = []
        for value, case in (source.cases or {}).items():
            mask = pc.fill_null(pc.equal(deciding, value), fill_value=False)
            lines = mask.to_numpy(zero_copy_only=False)
            active = lines if level is Level.LINE else lines[self._sheet.owner]
            chosen.append((mask, self._source(case, active)))
        if level is Level.LINE and not any(filled.level is Level.LINE for _, filled in chosen):
            return self._picked(deciding, source.cases or {}, [filled for _, filled in chosen])
        highest = self._common_level([Filled(deciding, level), *(filled for _, filled in chosen)])
        result: pa.Array | pa.Scalar = pa.scalar(None, pa.string())
        for mask, filled in chosen:
            condition = self._at(highest, Filled(mask, level))
            result = pc.if_else(condition, self._at(highest, filled), result)
        return Filled(result, highest)

    def _picked(self, deciding: pa.Array, cases: Iterable[str], filled: list[Filled]) -> Filled:
        """Cases of a fact of the line that all come from the order: one look-up in the cases laid end to end."""
        count = self._sheet.count(Level.ORDER)
        blocks = [pa.repeat(one.values, count) if one.level is Level.ALL else one.values for one in filled]
        case = pc.index_in(deciding, value_set=pa.array(list(cases)))
        position = pc.add(pc.multiply(case.cast(pa.int64()), count), pa.array(self._sheet.owner))
        return Filled(pa.concat_arrays(blocks).take(position), Level.LINE)

    # What is done with the value.

    def _defaulted(self, filled: Filled) -> Filled:
        column = self._column
        if column.default is None and column.default_setting is None:
            return filled
        default = column.default if column.default is not None else self._engine.setting(column.default_setting or "")
        return Filled(pc.coalesce(filled.values, pa.scalar(default, pa.string())), filled.level)

    def _shaped(self, filled: Filled) -> Filled:
        values = filled.values
        for function in self._column.functions:
            if function == "upper":
                values = pc.utf8_upper(values)
            elif function == "lower":
                values = pc.utf8_lower(values)
        return Filled(values, filled.level)

    def _require(self, filled: Filled) -> None:
        name = self._column.name
        blank = _blank(filled.values)
        if not blank.any():
            return
        lack = f": {self._column.missing}" if self._column.missing else ""
        if filled.level is Level.LINE:
            labels = self._sheet.line_labels
            self._verdicts.lines(
                blank, "REQUIRED_FIELD", name, lambda at: f"line {labels[at].as_py()}: {name} would be empty{lack}."
            )
        else:
            bad = np.broadcast_to(blank, (self._sheet.count(Level.ORDER),))
            self._verdicts.orders(bad, "REQUIRED_FIELD", name, lambda _: f"{name} would be empty{lack}.")

    def _limited(self, filled: Filled, limit: int) -> Filled:
        name = self._column.name
        if self._column.too_long == "cut":
            return Filled(pc.utf8_slice_codeunits(filled.values, 0, limit), filled.level)
        values = pa.array([filled.values.as_py()], pa.string()) if filled.level is Level.ALL else filled.values
        lengths = np.asarray(pc.fill_null(pc.utf8_length(values), 0))
        long = lengths > limit
        if not long.any():
            return filled

        def message(at: int) -> str:
            return f"{name} would have {lengths[at]} characters, at most {limit} are allowed."

        if filled.level is Level.LINE:
            self._verdicts.lines(long, "VALUE_TOO_LONG", name, message)
        else:
            bad = np.broadcast_to(long, (self._sheet.count(Level.ORDER),))
            self._verdicts.orders(bad, "VALUE_TOO_LONG", name, lambda at: message(at if len(lengths) > 1 else 0))
        return filled

    def _check_digits(self, path: str, most: int) -> None:
        name = self._column.name
        values = self._sheet.number[path].values
        large = np.abs(values) >= 10**most
        verdicts, level = self._verdicts, self._sheet.level(path)
        reject = verdicts.lines if level is Level.LINE else verdicts.orders
        whole = most - NUMBER_DECIMALS
        reject(
            large,
            "BAD_MONEY",
            name,
            lambda at: (
                f"{name} is {shortest_text(values[at : at + 1])[0]}, at most {whole} digits may precede the point."
            ),
        )

    # Levels.

    @staticmethod
    def _common_level(filled: list[Filled]) -> Level:
        levels = {one.level for one in filled}
        return next(level for level in (Level.LINE, Level.ORDER, Level.ALL) if level in levels)

    def _at(self, level: Level, filled: Filled) -> pa.Array | pa.Scalar:
        return at_level(filled, level, self._sheet.owner)


def at_level(filled: Filled, level: Level, owner: Int64Array) -> pa.Array | pa.Scalar:
    """The values repeated for the lines where the column is one of the order; a scalar stays what it is."""
    if level is Level.LINE and filled.level is Level.ORDER:
        return filled.values.take(pa.array(owner))
    return filled.values


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text or None, pa.string())


def _blank(values: pa.Array | pa.Scalar) -> BoolArray:
    if isinstance(values, pa.Scalar):
        return np.array([not values.as_py()])
    return np.asarray(pc.is_null(values).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _masked(texts: pa.Array, present: BoolArray) -> pa.Array:
    return texts if present.all() else pc.if_else(pa.array(present), texts, pa.scalar(None, pa.string()))


def _money(amounts: Numbers, decimals: Int64Array, negate: bool) -> pa.Array:
    minor = -amounts.values if negate else amounts.values
    kinds = np.unique(decimals)
    if len(kinds) <= 1:
        return _masked(column_text(minor, int(kinds[0]) if len(kinds) else 2), amounts.present)
    texts = np.empty(len(minor), dtype=object)
    for kind in kinds:
        texts[decimals == kind] = column_text(minor[decimals == kind], int(kind)).to_numpy(zero_copy_only=False)
    return _masked(pa.array(texts, pa.string()), amounts.present)


def _date(instants: Numbers, form: str, zone: ZoneInfo) -> pa.Array:
    pattern, exact = DATE_FORMATS[form]
    moments = pa.array(instants.values, pa.timestamp("ms", "UTC")).cast(pa.timestamp("ms", zone.key))
    steps = pc.local_timestamp(moments).cast(pa.int64()).to_numpy() // exact
    if form in _SEPARATORS:
        texts = pa.array(steps, pa.timestamp("s")).cast(pa.string())
        if _SEPARATORS[form] != " ":
            texts = pc.binary_replace_slice(texts, 10, 11, _SEPARATORS[form])
    else:  # dates of a frame repeat, so each distinct one is written once
        distinct, where = np.unique(steps, return_inverse=True)
        written = [datetime.fromtimestamp(int(step) * exact // 1000, UTC).strftime(pattern) for step in distinct]
        texts = pa.array(written, pa.string()).take(pa.array(where))
    return _masked(texts, instants.present)
