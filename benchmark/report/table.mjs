import { isLatencyCase } from './compare.mjs';

export const whole = value => Math.round(value).toLocaleString('en-US');
export const fine = value =>
    value == null ? '–' : value >= 100 ? whole(value) : value.toPrecision(2).replace(/e.*/, '');
const ratio = value => (value == null ? '–' : `${value.toFixed(2)} ×`);
const percent = value => (value == null ? '–' : `${Math.round(value * 100)} %`);

/** Returns one case as a table with its title. */
export function caseTable({ scenario, entries }) {
    const isLatency = isLatencyCase(scenario);
    const hasFloor = entries.some(({ id }) => id === 'floor');
    const columns = [
        ['', entry => entry.label],
        [scenario.unit, entry => whole(entry.perSecond)],
        [scenario.perCall > 1 ? 'CPU µs/key' : 'CPU µs/call', entry => fine(entry.cpuMicros)],
        ['p50 ms', entry => fine(entry.p50Ms)],
        ['p99 ms', entry => fine(entry.p99Ms)],
        ...(isLatency ? [['large MiB/s', entry => whole(entry.largeMiBPerSecond)]] : []),
        [isLatency ? 'p99: best rival' : 'to best rival', entry => ratio(entry.timesBestRival)],
        ...(hasFloor ? [[isLatency ? 'p99: of floor' : 'of floor', entry => percent(entry.shareOfFloor)]] : []),
    ];
    // In the latency case the large calls use most of the CPU, so a figure per probe misleads.
    const shown = isLatency ? columns.filter(([head]) => head !== 'CPU µs/call') : columns;
    const rows = entries.map(entry =>
        entry.failure === undefined
            ? shown.map(([, cell]) => cell(entry))
            : [entry.label, entry.failure, ...shown.slice(2).map(() => '')],
    );
    const heads = shown.map(([head]) => head);
    return titled(scenario, markdownTable(heads, rows));
}

/**
 * Returns a table that is readable in a terminal and valid Markdown. The first `names` columns hold
 * text, the others figures.
 */
export function markdownTable(heads, rows, { names = 1 } = {}) {
    const widths = heads.map((head, i) => Math.max(3, head.length, ...rows.map(row => row[i].length)));
    const padded = (cell, i) => (i < names ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
    const ruled = (width, i) => (i < names ? '-'.repeat(width) : '-'.repeat(width - 1) + ':');
    const line = cells => `| ${cells.join(' | ')} |`;
    return [heads.map(padded), widths.map(ruled), ...rows.map(row => row.map(padded))].map(line).join('\n');
}

export const titled = ({ title, id }, table) => `${title} (${id})\n\n${table}`;

/** Returns the tables as Markdown, with their titles as headings. */
export const headedTables = tables => tables.join('\n\n').replace(/^(.*\(\S+\))$/gm, '### $1');
