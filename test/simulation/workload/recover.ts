import { LOOKUP_MS } from './Discovery';
import { MARGIN_MS, reconnectingMs } from './reconnecting';
import type { Service } from './Service';
import type { SimProcess } from './SimProcess';

/** Maximum number of attempts. Each attempt may reveal only one dead channel per server. */
const MAX_ATTEMPTS = 10;

/**
 * Checks that a component works again after all faults and after the pause between connection
 * attempts.
 * @param use sends a request to every server
 * @param servers returns the state of every server
 */
export async function recover(
    process: SimProcess,
    { plan, quietMs, recoveries }: Service,
    use: () => Promise<void>,
    servers: () => readonly { readonly isUp: boolean }[],
): Promise<void> {
    const { discoveryMs } = plan.lists;
    const pauseMs = reconnectingMs(plan.client, process.protocol);
    // A hanging discovery query must time out first.
    const mayHang = plan.faults.some(({ kind }) => kind === 'discovery');
    await process.pause(quietMs + MARGIN_MS + discoveryMs + (mayHang ? LOOKUP_MS : 0));
    for (let attempt = 1; ; attempt++) {
        recoveries.set(process.name, attempt);
        try {
            await use();
            // With failover another server may answer.
            if (!plan.lists.failover || servers().every(({ isUp }) => isUp)) return;
            if (attempt === MAX_ATTEMPTS) throw new Error('a server is still marked as down');
        } catch (error) {
            if (attempt === MAX_ATTEMPTS) throw error;
        }
        await process.pause(pauseMs);
    }
}
