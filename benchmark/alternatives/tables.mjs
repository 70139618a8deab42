import { fine, markdownTable, titled, whole } from '../report/table.mjs';

export function waitingTable({ id, waiters, entries }) {
    const heads = ['', 'pause between tries', 'gave up', 'p50 ms', 'p90 ms', 'requests per lock', 'CPU ms per lock'];
    const rows = entries.map(({ label, pause, ...of }) => [
        label,
        pause,
        ...[whole(of.gaveUp), ...[of.p50Ms, of.p90Ms, of.requestsPerLock, of.cpuMsPerLock].map(fine)],
    ]);
    const title = `from the release of a lock to its next acquisition, ${waiters === 1 ? '1 waiter' : `${waiters} waiters`}`;
    return titled({ id, title }, markdownTable(heads, rows, { names: 2 }));
}

export function stampedeTable(entries) {
    const heads = ['', 'loads', 'ms until all have it', 'requests', 'CPU ms'];
    const rows = entries.map(({ label, loads, ...of }) => [
        label,
        whole(loads),
        ...[of.ms, of.requests, of.cpuMs].map(whole),
    ]);
    const title = '100 callers in 4 processes ask for one missing value, which takes 50 ms to load';
    return titled({ id: 'stampede', title }, markdownTable(heads, rows));
}
