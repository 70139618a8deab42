import { isLatencyCase } from './compare.mjs';

const whole = value => Math.round(value).toLocaleString('en-US');
const fine = value => (value == null ? '–' : value >= 100 ? whole(value) : value.toPrecision(2).replace(/e.*/, ''));
const ratio = value => (value == null ? '–' : `${value.toFixed(2)} ×`);
const percent = value => (value == null ? '–' : `${Math.round(value * 100)} %`);

/** Returns one case as a table that is readable in a terminal and valid Markdown. */
export function caseTable({ scenario, entries }) {
    const isLatency = isLatencyCase(scenario);
    const columns = [
        ['', entry => entry.label],
        [scenario.unit, entry => whole(entry.perSecond)],
        [scenario.perCall > 1 ? 'CPU µs/key' : 'CPU µs/call', entry => fine(entry.cpuMicros)],
        ['p50 ms', entry => fine(entry.p50Ms)],
        ['p99 ms', entry => fine(entry.p99Ms)],
        ...(isLatency ? [['large MiB/s', entry => whole(entry.largeMiBPerSecond)]] : []),
        [isLatency ? 'p99: best rival' : 'to best rival', entry => ratio(entry.timesBestRival)],
        [isLatency ? 'p99: of floor' : 'of floor', entry => percent(entry.shareOfFloor)],
    ];
    // In the latency case the large calls use most of the CPU, so a figure per probe misleads.
    const shown = isLatency ? columns.filter(([head]) => head !== 'CPU µs/call') : columns;
    const rows = entries.map(entry =>
        entry.failure === undefined
            ? shown.map(([, cell]) => cell(entry))
            : [entry.label, entry.failure, ...shown.slice(2).map(() => '')],
    );
    const heads = shown.map(([head]) => head);
    const widths = heads.map((head, i) => Math.max(head.length, ...rows.map(row => row[i].length)));
    const line = cells =>
        `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
    const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : '-'.repeat(width - 1) + ':')).join(' | ')} |`;
    return [`${scenario.title} (${scenario.id})`, '', line(heads), rule, ...rows.map(line)].join('\n');
}
