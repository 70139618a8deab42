import { LOOKUP_MS } from './Discovery';
import type { Service } from './Service';
import type { SimProcess } from './SimProcess';

/** Channels that hear nothing are found out one round after another. */
const MOST_TRIES = 10;
/** More than a pause, rounded up and late. */
const MARGIN_MS = 1000;

/**
 * When all faults are over, and after the pauses between attempts to connect, everything works again.
 * @param use asks every server
 * @param servers what is known of each
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
    // What discovery was asked before may have to be given up first.
    const mayHang = plan.faults.some(({ kind }) => kind === 'discovery');
    await process.pause(quietMs + MARGIN_MS + discoveryMs + (mayHang ? LOOKUP_MS : 0));
    for (let tries = 1; ; tries++) {
        try {
            await use();
            // Another server may have answered.
            if (!plan.lists.failover || servers().every(({ isUp }) => isUp)) return;
            if (tries === MOST_TRIES) throw new Error('a server still counts as down');
        } catch (error) {
            if (tries === MOST_TRIES) throw error;
        }
        await process.pause(pauseMs);
    }
}
