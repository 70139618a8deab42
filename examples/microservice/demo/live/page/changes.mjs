/**
 * @typedef {object} Changes the changes of servers that the charts show
 * @property {{ name: string, fromMs: number, toMs: number }[]} outages
 * @property {{ name: string, atMs: number, sign: '+' | '−' }[]} resizes
 */

/**
 * Finds the changes of servers in the events. It leaves out those before the first sample.
 * @param {{ events: any[], samples: { atMs: number }[], nowMs: number }} state
 * @returns {Changes}
 */
export function findChanges({ events, samples, nowMs }) {
    /** @type {Changes} */
    const changes = { outages: [], resizes: [] };
    /** The open outage of each server that is down. */
    const open = new Map();
    const firstMs = samples[0]?.atMs ?? nowMs;
    // The latest event stands first.
    for (const { kind, server: name, atMs } of [...events].reverse()) {
        if (atMs < firstMs) continue;
        if (kind === 'killed') {
            const outage = { name, fromMs: atMs, toMs: nowMs };
            open.set(name, outage);
            changes.outages.push(outage);
        } else if (kind === 'started' && open.has(name)) {
            open.get(name).toMs = atMs;
            open.delete(name);
        } else if (kind === 'joined' || kind === 'left') {
            changes.resizes.push({ name, atMs, sign: kind === 'joined' ? '+' : '−' });
        }
    }
    return changes;
}
