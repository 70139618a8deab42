import { readFileSync } from 'node:fs';
import { fine, markdownTable, whole } from '../report/table.mjs';
import { asksRedis } from './contenders.mjs';

/** The cases of the summary, by their ids. */
const COMPARED = {
    'get-100B@64': 'read an object of 100 B, 64 in flight',
    'set-100B@64': 'store an object of 100 B, 64 in flight',
    'getMany-50x100B@64': 'read 50 objects in one call, 64 in flight',
    'load-100B@64': '`retrieveOrLoad`, value present, 64 in flight',
    'lock@64': 'acquire and release a free lock, 64 in flight',
};

/** The first features of Redis in `offers.md` that memcached lacks. */
const OFFERS = 5;

const bestBy = (entries, worth) => entries.reduce((best, entry) => (worth(entry) > worth(best) ? entry : best));
const ourOf = entries => entries.find(({ id }) => id === 'ours');
const times = ratio => `${ratio >= 10 ? ratio.toFixed(0) : ratio.toPrecision(2)} ×`;

/** Returns a row that compares our entry with the best of the others. */
function row(title, ours, best, worth, cell) {
    return [title, cell(ours), `${best.label}: ${cell(best)}`, times(worth(ours) / worth(best))];
}

function rateRow(title, entries, isRival) {
    const perSecond = entry => entry.perSecond;
    const cell = entry => `${whole(entry.perSecond)}/s, ${fine(entry.cpuMicros)} µs`;
    return row(title, ourOf(entries), bestBy(entries.filter(isRival), perSecond), perSecond, cell);
}

function waitRow(entries) {
    const withDefaults = entries.filter(({ pause }) => pause.startsWith('default'));
    const worth = ({ p50Ms }) => 1 / p50Ms;
    const cell = entry => `${fine(entry.p50Ms)} ms, ${fine(entry.requestsPerLock)} requests`;
    const best = bestBy(withDefaults.filter(asksRedis), worth);
    return row('time from a release to the next acquisition, 1 waiter', ourOf(entries), best, worth, cell);
}

function stampedeRow(entries) {
    // Of as many loads, the faster ones are better.
    const worth = ({ loads, ms }) => 1 / (loads + ms / 1e6);
    const cell = ({ loads, ms }) => `${whole(loads)} ${loads === 1 ? 'load' : 'loads'}, ${whole(ms)} ms`;
    const title = '100 callers in 4 processes miss one value (fewer loads are better)';
    return row(title, ourOf(entries), bestBy(entries.filter(asksRedis), worth), worth, cell);
}

/** Returns the row of the first offers. They cannot be measured. */
function offersRow() {
    const table = readFileSync(new URL('offers.md', import.meta.url), 'utf8')
        .trim()
        .split('\n');
    const needs = table.slice(2, 2 + OFFERS).map(line => line.split('|')[1].trim().toLowerCase());
    return [needs.join(', '), 'no', 'yes', ''];
}

/** Returns the table of the README. Its last column is above 1 where this package does better. */
export function summaryTable({ results, waiting, stampede }) {
    const entriesOf = id => results.find(({ scenario }) => scenario.id === id).entries;
    const isMemoryFirst = ({ setting }) => setting.isMemoryFirst;
    const rows = [
        ...Object.entries(COMPARED).map(([id, title]) => rateRow(title, entriesOf(id), asksRedis)),
        rateRow(
            '`retrieveOrLoad`, 1 in flight, against a package with copies in its process',
            entriesOf('load-100B@1'),
            isMemoryFirst,
        ),
        waitRow(waiting.find(({ waiters }) => waiters === 1).entries),
        stampedeRow(stampede),
        offersRow(),
    ];
    return markdownTable(['', 'this package', 'best Redis package', 'ratio'], rows);
}
