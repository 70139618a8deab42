import { LOOKUP_MS } from './Discovery';
import type { Service } from './Service';
import type { SimProcess } from './SimProcess';

/** Maximum number of attempts. Each attempt may reveal only one dead channel per server. */
const MAX_ATTEMPTS = 10;
/** Pause that is longer than the delay of any timer. */
const MARGIN_MS = 1000;

/**
 * Checks that a component works again after all faults and after the pause between connection
 * attempts.
 * @param use sends a request to every server
 * @param servers returns the state of every server
 */
export async function recover(
    process: SimProcess,
    { plan, quietMs }: Service,
    use: () => Promise<void>,
    servers: () => readonly { readonly isUp: boolean }[],
): Promise<void> {
    const { retryMs, reconnectMs, requestTimeoutMs, connectTimeoutMs } = plan.client;
    const { discoveryMs } = plan.lists;
    const pauseMs = retryMs + reconnectMs + requestTimeoutMs + connectTimeoutMs + MARGIN_MS;
    // A hanging discovery query must time out first.
    const mayHang = plan.faults.some(({ kind }) => kind === 'discovery');
    await process.pause(quietMs + MARGIN_MS + discoveryMs + (mayHang ? LOOKUP_MS : 0));
    for (let attempt = 1; ; attempt++) {
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
